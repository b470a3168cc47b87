/** Serves the commands' API on the control socket. Any user who may open the socket may deploy. */
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { identityIn } from './request-headers';
import type { ClonePlace } from '../home/clone-place';
import { KnownError, asKnown } from '../core/errors';
import { STRATEGY_NAMES } from '../core/strategy-choice';
import type { RequestIdentity } from '../journal/journal';
import type { RequestDeployment } from '../deployer/requests';
import type { RequestOperation } from '../deployer/operator-requests';

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const requestSchema = z.strictObject({
  kind: z.enum(['deploy', 'rollback', 'restore', 'env', 'restart']),
  trigger: z.enum(['command', 'start']),
  branch: z.string().optional(),
  commit: commit.optional(),
  slot: z.string().optional(),
  environment: z.number().int().min(0).optional(),
  hold: z.boolean().optional(),
  strategy: z.enum(STRATEGY_NAMES).optional(),
});
const operationSchema = z.strictObject({
  request: z.enum(['promote', 'abort', 'pause', 'resume']),
  id: z.number().int().positive().nullable(),
});

export type ControlRequest = z.output<typeof requestSchema>;

export interface ControlDeps {
  request: RequestDeployment;
  requestOperation: RequestOperation;
  /** The deployer's build of the kit, and its Node version. */
  build: () => string;
  /** A hash of the configuration that the deployer has loaded (deploy/config/fingerprint.ts). */
  config: string;
  /** The clone from which the deployer runs: its path at the start and now. */
  clone: () => ClonePlace;
}

export function controlApp({ request, requestOperation, build, config, clone }: ControlDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json(), unreadable);
  app.get('/health', (_req, res) => void res.json({ status: 'ok', build: build(), config, clone: clone() }));
  app.post('/deployments', async (req, res) => {
    const wanted = valid(requestSchema, req.body);
    const { id: delivery, deadline } = await askedBy(req);
    const asked = { ...(delivery && { delivery }), ...(deadline && { deadline }) };
    res.status(202).json(await request({ ...wanted, ...asked }));
  });
  app.post('/operations', async (req, res) => {
    const wanted = valid(operationSchema, req.body);
    res.status(202).json(await requestOperation(wanted.request, wanted.id, await askedBy(req)));
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const { code, message, hint, fault } = asKnown(error);
    res.status(fault === 'machine' ? 500 : 400).json({ error: { code, message, hint } });
  });
  return app;
}

/** Throws E_TOO_LATE if the client has disconnected: requests wait in the socket while this process is suspended. */
async function askedBy(req: Request): Promise<RequestIdentity> {
  // Node reads a disconnect after the request, in the next turn of the event loop
  await nextTurn();
  await nextTurn();
  if (req.socket.destroyed || req.socket.writableEnded)
    throw new KnownError('E_TOO_LATE', 'The client disconnected.');
  return identityIn(req);
}

function valid<T>(schema: z.ZodType<T>, body: unknown): T {
  const asked = schema.safeParse(body);
  if (!asked.success) throw new KnownError('E_USAGE', 'The request to the deployer is not valid.');
  return asked.data;
}

function unreadable(error: unknown, _req: Request, _res: Response, next: NextFunction): void {
  next(new KnownError('E_USAGE', `The request to the deployer cannot be read: ${asKnown(error).message}.`));
}
