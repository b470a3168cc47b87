/** How this process describes itself: a page for people, /version and /health for programs. */
import { Router } from 'express';
import type { Database } from '../database';
import { ApiError, methods } from '../errors';
import type { Identity } from '../identity';
import { hasSchema } from '../migrations';
import { CONTENT_SECURITY_POLICY, renderPage, type Facts } from '../page';

export function aboutRoutes(
  identity: Identity,
  facts: Facts,
  database: Database,
  stopping: AbortSignal,
): Router {
  const { name, version, commit, slot, startedAt, instance } = identity;
  const page = renderPage(facts);
  const router = Router();

  router
    .route('/')
    .get((_req, res) => {
      res.set({ 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Cache-Control': 'no-store' });
      res.type('html').send(page);
    })
    .all(methods('GET, HEAD'));

  router
    .route('/version')
    .get((_req, res) => {
      res.set('Cache-Control', 'no-store').json({ name, version, commit, slot, startedAt });
    })
    .all(methods('GET, HEAD'));

  // 200 means "ready for requests". A 503 has commit and instance too: they show Switchyard that this very process
  // answers, and not another one on the port.
  router
    .route('/health')
    .get(async (_req, res) => {
      res.set('Cache-Control', 'no-store');
      const problem = stopping.aborted
        ? new ApiError('unavailable', 'The server is stopping.')
        : await problemOf(database);
      if (problem)
        res.status(problem.status).json({ status: 'unavailable', commit, instance, ...problem.toJSON() });
      else res.json({ status: 'ok', commit, instance });
    })
    .all(methods('GET, HEAD'));

  return router;
}

async function problemOf(database: Database): Promise<ApiError | undefined> {
  try {
    if (await database.read(hasSchema)) return undefined;
    return new ApiError('unavailable', 'The database lacks a migration that this release needs.');
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return new ApiError('unavailable', `The database does not answer: ${cause}`);
  }
}
