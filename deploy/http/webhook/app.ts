/**
 * Serves the webhook that GitHub calls: POST /_deploy/webhook. A payload only says that a branch moved; the source
 * decides which commit is deployed.
 */
import type { Express, NextFunction, Request, Response, Router } from 'express';
import express from 'express';
import { deadlineIn, MAX_ID_LENGTH } from '../request-headers';
import { KnownError, asKnown } from '../../core/errors';
import type { RequestDeployment } from '../../deployer/requests';
import type { BodyLimits } from './body';
import { bodyReader } from './body';
import type { DeliveryLog } from './deliveries';
import { checkHeaders, SIGNATURE_HEADER } from './headers';
import type { WebhookTarget } from './payload';
import { readPayload } from './payload';
import { Refusal, unsigned } from './refusal';
import { isSigned } from './signature';

export interface WebhookDeps extends WebhookTarget {
  /** The secrets that are valid now. */
  secrets: () => string[];
  limits: BodyLimits;
  request: RequestDeployment;
  deliveries: DeliveryLog;
  /** Further routes below /_deploy/. */
  routes?: Router[];
}

export function webhookApp({
  secrets,
  limits,
  request,
  deliveries,
  routes = [],
  ...wanted
}: WebhookDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  const readBody = bodyReader(limits);
  // the signature covers the raw bytes: nothing is decompressed or parsed before it is verified
  app.post('/_deploy/webhook', async (req, res) => {
    const form = checkHeaders(req.headers, limits.size);
    const body = await readBody(req);
    const signature = req.get(SIGNATURE_HEADER);
    if (!secrets().some((secret) => isSigned(secret, body, signature))) throw unsigned();
    const verdict = readPayload(req.get('x-github-event'), form, body.toString('utf8'), wanted);
    deliveries.accepted(req);
    if (verdict.do === 'ignore') return void res.json({ ignored: verdict.why });
    const delivery = req.get('x-github-delivery')?.slice(0, MAX_ID_LENGTH);
    const trigger = req.get('x-switchyard-trigger') === 'push' ? 'push' : 'webhook';
    const deadline = deadlineIn(req);
    const expected = trigger === 'webhook' && verdict.tip !== null ? { expected: verdict.tip } : {};
    const asked = { ...expected, ...(delivery && { delivery }), ...(deadline !== undefined && { deadline }) };
    const deployment = await request({ kind: 'deploy', trigger, branch: wanted.branch, ...asked });
    res.status(202).json({ id: deployment.id, state: deployment.state });
  });
  app.all('/_deploy/webhook', (_req, res) => {
    res
      .set('Allow', 'POST')
      .status(405)
      .json({ error: { code: 'method_not_allowed', message: 'Use POST.' } });
  });
  for (const router of routes) app.use(router);
  app.get('/_deploy/health', (_req, res) => void res.json({ status: 'ok' }));
  app.use(
    (_req, res) =>
      void res.status(404).json({ error: { code: 'not_found', message: 'There is nothing here.' } }),
  );
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    if (error instanceof Refusal) deliveries.refused(req, error);
    answerError(error, res);
  });
  return app;
}

function answerError(error: unknown, res: Response): void {
  const { code, message, hint } = asKnown(error);
  const status = statusOf(error);
  // the sender of a body that took too long may never finish it
  if (status === 408) res.set('Connection', 'close');
  res.status(status).json({ error: { code, message, hint } });
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof KnownError) return error.code === 'E_TOO_LATE' ? 410 : 500;
  // Express's status for a path it could not read
  const { status = 500 } = error as { status?: number };
  return status >= 400 && status < 500 ? status : 500;
}
