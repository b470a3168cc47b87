/**
 * Serves the webhook that GitHub, GitLab, Gitea and Forgejo call: POST /_deploy/webhook. A payload only says that a
 * branch moved; the source decides which commit is deployed.
 */
import type { Express, NextFunction, Request as HttpRequest, Response, Router } from 'express';
import express from 'express';
import { deadlineIn, MAX_ID_LENGTH } from '../request-headers';
import { KnownError, asKnown } from '../../core/errors';
import { isOver } from '../../core/transitions';
import type { RequestDeployment } from '../../deployer/requests';
import type { Request } from '../../journal/journal';
import type { BodyLimits } from './body';
import { bodyReader } from './body';
import type { DeliveryLog } from './deliveries';
import { checkHeaders } from './headers';
import type { WebhookTarget } from './payload';
import { readPayload } from './payload';
import { Refusal, unproven } from './refusal';
import { isProven, senderOf } from './sender';

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
  // a signature covers the raw bytes, so nothing is decompressed or parsed before it is verified
  app.post('/_deploy/webhook', async (req, res) => {
    const sender = senderOf(req.headers);
    if (sender.by === 'token' && !isProven(sender, secrets(), null)) throw unproven(sender);
    const form = checkHeaders(req.headers, sender, limits.size);
    const body = await readBody(req);
    if (!isProven(sender, secrets(), body)) throw unproven(sender);
    const verdict = readPayload(sender.event, form, body.toString('utf8'), wanted);
    deliveries.accepted(req);
    if (verdict.do === 'ignore') return void res.json({ ignored: verdict.why });
    const delivery = sender.delivery?.slice(0, MAX_ID_LENGTH);
    const trigger = req.get('x-switchyard-trigger') === 'push' ? 'push' : 'webhook';
    const deadline = deadlineIn(req);
    const expected = trigger === 'webhook' && verdict.tip !== null ? { expected: verdict.tip } : {};
    const common = { ...expected, ...(deadline !== undefined && { deadline }) };
    const asked: Request = { kind: 'deploy', trigger, branch: wanted.branch, ...common };
    const first = await request({ ...asked, ...(delivery && { delivery }) });
    // a redelivery has the id of the first delivery, whose deployment may have failed
    const isRetry = trigger === 'webhook' && isOver(first.state) && first.state !== 'succeeded';
    const deployment = isRetry ? await request(asked) : first;
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
  app.use((error: unknown, req: HttpRequest, res: Response, _next: NextFunction) => {
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
  // Express's status for a path that it could not decode
  const { status = 500 } = error as { status?: number };
  return status >= 400 && status < 500 ? status : 500;
}
