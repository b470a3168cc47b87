/** /api/v1/messages: read pages, read one, add one. */
import express, { Router, type RequestHandler } from 'express';
import { z } from 'zod';
import { ApiError, invalid, methods } from '../errors';
import type { MessageStore } from '../messages';
import { wholeNumber } from '../whole-number';

/** 2000 escaped characters take 12,000 bytes of JSON, or twice that beyond the basic plane. */
const BODY_LIMIT = '32kb';

const characters = (text: string): number => [...text].length;

const NewMessage = z.strictObject(
  {
    text: z
      .string({ error: 'must be a text' })
      .trim()
      .min(1, 'must not be empty')
      .refine((text) => characters(text) <= 2000, 'must have at most 2000 characters')
      // SQLite cuts a text at NUL and replaces half a character, so the stored text would differ.
      .refine((text) => !/\0|\p{Surrogate}/u.test(text), 'must not contain NUL or half a surrogate pair'),
  },
  { error: 'The body must be a JSON object with a text.' },
);

const PageQuery = z.strictObject({
  limit: wholeNumber(1, 100).default(20),
  before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
});

const Id = wholeNumber(1, Number.MAX_SAFE_INTEGER);

export function messageRoutes(messages: MessageStore): Router {
  const router = Router();

  router
    .route('/')
    .get(async (req, res) => {
      const query = PageQuery.safeParse(req.query);
      if (!query.success) throw invalid(query.error);
      res.json(await messages.page(query.data));
    })
    .post(onlyJson, express.json({ limit: BODY_LIMIT }), async (req, res) => {
      const body = NewMessage.safeParse(req.body);
      if (!body.success) throw invalid(body.error);
      const message = await messages.add(body.data.text);
      res.status(201).location(`${req.baseUrl}/${message.id}`).json(message);
    })
    .all(methods('GET, HEAD, POST'));

  router
    .route('/:id')
    .get(async (req, res) => {
      const id = Id.safeParse(req.params.id);
      const message = id.success ? await messages.find(id.data) : undefined;
      if (!message) throw new ApiError('not_found', `There is no message ${req.params.id}.`);
      res.json(message);
    })
    .all(methods('GET, HEAD'));

  return router;
}

/** Without this, Express skips a body of another type, and the error would be a missing text. */
const onlyJson: RequestHandler = (req, _res, next) => {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new ApiError('unsupported_media_type', 'Send the message as application/json.');
  }
  next();
};
