/** /api/v1/slow: a slow request, to see what a deployment does to requests in flight. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import { z } from 'zod';
import { invalid, methods } from '../errors';
import { wholeNumber } from '../whole-number';

const SlowQuery = z.strictObject({ ms: wholeNumber(0, 10_000) });

export function slowRoutes(): Router {
  const router = Router();
  router
    .route('/')
    .get(async (req, res) => {
      const query = SlowQuery.safeParse(req.query);
      if (!query.success) throw invalid(query.error);
      const { ms } = query.data;
      await sleep(ms);
      res.json({ waited: ms });
    })
    .all(methods('GET, HEAD'));
  return router;
}
