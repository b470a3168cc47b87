/** The control socket's API, for the commands. Whoever may open the socket may deploy. */
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import { z } from 'zod';
import { KnownError, asKnown } from './core/errors';
import type { RequestDeployment } from './requests';

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const requestSchema = z.strictObject({
  kind: z.enum(['deploy', 'rollback', 'restore', 'env']),
  trigger: z.enum(['command', 'start']),
  branch: z.string().optional(),
  commit: commit.optional(),
  slot: z.string().optional(),
  environment: z.number().int().min(0).optional(),
});

export type ControlRequest = z.output<typeof requestSchema>;

/** @param build which build of the kit the deployer is of */
export function controlApp({ request, build }: { request: RequestDeployment; build: string }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json(), unreadable);
  app.get('/health', (_req, res) => void res.json({ status: 'ok', build }));
  app.post('/deployments', async (req, res) => {
    const asked = requestSchema.safeParse(req.body);
    if (!asked.success) throw new KnownError('E_USAGE', 'The request to the deployer is not valid.');
    const deployment = await request(asked.data);
    res.status(202).json(deployment);
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const { code, message, hint, fault } = asKnown(error);
    res.status(fault === 'machine' ? 500 : 400).json({ error: { code, message, hint } });
  });
  return app;
}

function unreadable(error: unknown, _req: Request, _res: Response, next: NextFunction): void {
  next(new KnownError('E_USAGE', `The request to the deployer cannot be read: ${asKnown(error).message}.`));
}
