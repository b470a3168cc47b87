/**
 * Serves the webhook that GitHub calls: POST /_deploy/webhook. A payload only says that a branch moved; the source
 * decides which commit is deployed.
 */
import type { Express, NextFunction, Request, Response, Router } from 'express';
import express from 'express';
import { deadlineIn } from '../request-headers';
import { KnownError, asKnown } from '../../core/errors';
import type { RequestDeployment } from '../../deployer/requests';
import { readPayload } from './payload';
import { isSigned } from './signature';

const BODY_LIMIT = '25mb';

export interface WebhookDeps {
  secret: string;
  /** The only branch whose pushes are deployed. */
  branch: string;
  request: RequestDeployment;
  /** Further routes below /_deploy/. */
  routes?: Router[];
}

export function webhookApp({ secret, branch, request, routes = [] }: WebhookDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  // the signature covers the raw bytes: nothing is decompressed or parsed before it is verified
  const rawBody = express.raw({ type: () => true, limit: BODY_LIMIT, inflate: false });
  app.post('/_deploy/webhook', rawBody, async (req, res) => {
    const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    if (!isSigned(secret, body, req.get('x-hub-signature-256'))) {
      throw new KnownError('E_SIGNATURE', 'The signature is missing or wrong.');
    }
    const verdict = readPayload(req.get('x-github-event'), body.toString('utf8'), branch);
    if (verdict.do === 'ignore') return void res.json({ ignored: verdict.why });
    const delivery = req.get('x-github-delivery');
    const trigger = req.get('x-switchyard-trigger') === 'push' ? 'push' : 'webhook';
    const deadline = deadlineIn(req);
    const asked = { ...(delivery && { delivery }), ...(deadline !== undefined && { deadline }) };
    const deployment = await request({ kind: 'deploy', trigger, branch, ...asked });
    res.status(202).json({ id: deployment.id, state: deployment.state });
  });
  for (const router of routes) app.use(router);
  app.get('/_deploy/health', (_req, res) => void res.json({ status: 'ok' }));
  app.use(
    (_req, res) =>
      void res.status(404).json({ error: { code: 'not_found', message: 'There is nothing here.' } }),
  );
  app.use(answerError);
  return app;
}

function answerError(error: unknown, _req: Request, res: Response, _next: NextFunction): void {
  const status = statusOf(error);
  const known = status < 500 && !(error instanceof KnownError) ? unreadable(status, error) : asKnown(error);
  const { code, message, hint } = known;
  res.status(status).json({ error: { code, message, hint } });
}

function statusOf(error: unknown): number {
  if (error instanceof KnownError) {
    return { E_SIGNATURE: 401, E_BAD_PAYLOAD: 400, E_TOO_LATE: 410 }[error.code as string] ?? 500;
  }
  // Express's status for a body it could not read
  const { status = 500 } = error as { status?: number };
  return status >= 400 && status < 500 ? status : 500;
}

function unreadable(status: number, error: unknown): KnownError {
  const why = status === 413 ? `it is over ${BODY_LIMIT}` : asKnown(error).message;
  return new KnownError('E_BAD_PAYLOAD', `The body cannot be read: ${why}.`);
}
