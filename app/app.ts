/** Creates the Express app. Its dependencies are arguments, so that a test can build one in a millisecond. */
import express, { type Express } from 'express';
import type { Database } from './database';
import { answerErrors, notFound } from './errors';
import type { MessageFeed } from './feed';
import type { Identity } from './identity';
import type { MessageStore } from './messages';
import { factsOf } from './page';
import { aboutRoutes } from './routes/about';
import { messageRoutes } from './routes/messages';
import { slowRoutes } from './routes/slow';
import { streamRoutes } from './routes/stream';
import { visitorRoutes } from './routes/visitors';
import { Visitors } from './visitors';

export interface Dependencies {
  identity: Identity;
  database: Database;
  messages: MessageStore;
  feed: MessageFeed;
  /** Aborted as soon as the process starts to stop. */
  stopping: AbortSignal;
}

/** @returns the app, not yet listening. */
export function createApp({ identity, database, messages, feed, stopping }: Dependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  // Another release may answer at the same address a moment later, so an entity tag would not stay valid.
  app.disable('etag');
  // Only nginx on this machine is trusted to set X-Forwarded-*.
  app.set('trust proxy', 'loopback');

  const facts = factsOf(identity);
  app.use(aboutRoutes(identity, facts, database, stopping));
  // Before the messages, or their /:id would match "stream".
  app.use('/api/v1/messages/stream', streamRoutes(feed, messages));
  app.use('/api/v1/messages', messageRoutes(messages));
  app.use('/api/v1/visitors', visitorRoutes(facts, new Visitors(database, identity), stopping));
  app.use('/api/v1/slow', slowRoutes());

  app.use(notFound);
  app.use(answerErrors);
  return app;
}
