/** The webhook with everything that a test does not name. */
import type { Express } from 'express';
import type { WebhookDeps } from '../../deploy/http/webhook/app';
import { webhookApp } from '../../deploy/http/webhook/app';

export const SECRET = '4f9a7c1e2b6d8035';
export const BODY_LIMIT = 1024 * 1024;

export function testWebhook(deps: Partial<WebhookDeps>): Express {
  return webhookApp({
    secrets: () => [SECRET],
    branch: 'main',
    source: 'https://github.com/you/app.git',
    limits: { size: BODY_LIMIT, atOnce: 20, withinMs: 10_000 },
    request: () => Promise.reject(new Error('nothing may be requested')),
    deliveries: { accepted: () => undefined, refused: () => undefined, close: () => undefined },
    ...deps,
  });
}
