/** The Express app as a value: everything it needs is passed in, so that a test builds one in a millisecond. */
import express, { type Express } from 'express';
import type { Database } from './database';
import { answerErrors, notFound } from './errors';
import type { MessageFeed } from './feed';
import type { Identity } from './identity';
import type { MessageStore } from './messages';
import { aboutRoutes } from './routes/about';
import { messageRoutes } from './routes/messages';
import { slowRoutes } from './routes/slow';
import { streamRoutes } from './routes/stream';

export interface Dependencies {
  identity: Identity;
  database: Database;
  messages: MessageStore;
  feed: MessageFeed;
  /** Aborted once the process begins to stop. */
  stopping: AbortSignal;
}

/** @returns the app, not yet listening. */
export function createApp({ identity, database, messages, feed, stopping }: Dependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  // Another release answers at the same address a moment later: nothing here is worth comparing by a tag.
  app.disable('etag');
  // nginx stands in front, on this machine only; from anyone else X-Forwarded-* would be a claim.
  app.set('trust proxy', 'loopback');

  app.use(aboutRoutes(identity, database, stopping));
  // Before the messages, whose /:id would otherwise take "stream" for an id.
  app.use('/api/v1/messages/stream', streamRoutes(feed, messages));
  app.use('/api/v1/messages', messageRoutes(messages));
  app.use('/api/v1/slow', slowRoutes());

  app.use(notFound);
  app.use(answerErrors);
  return app;
}
