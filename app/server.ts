/**
 * The process, from start to stop: read the environment, open the database, listen, and on SIGTERM end in
 * order. It knows nothing of deployments; PORT, /health and SIGTERM are the whole contract with whoever runs it.
 */
import { createServer, type Server } from 'node:http';
import { createApp } from './app';
import { readConfig, type Config } from './config';
import { Database } from './database';
import { sentenceFor } from './errors';
import { identify } from './identity';
import { MessageFeed } from './feed';
import { MessageStore } from './messages';
import { migrate } from './migrations';
import { gracefulShutdown } from './shutdown';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const identity = identify(config, __dirname);
  const database = new Database(config.databaseFile);

  // Under Switchyard the schema was brought forward by `migrate` before this release was started. A server that
  // migrated too would change the database of the release that still serves, even if it never got a request.
  if (!config.managed) await migrate(database);

  const stopping = new AbortController();
  const messages = new MessageStore(database);
  const feed = new MessageFeed(messages, stopping.signal);
  const server = createServer(createApp({ identity, database, messages, feed, stopping: stopping.signal }));
  keepConnectionsLongerThanNginx(server);
  const finish = gracefulShutdown(server, stopping, config.stopTimeoutMs);

  await listen(server, config);
  console.log(`listening on http://${config.host}:${portOf(server)} (${identity.slot}, ${identity.commit})`);

  const stop = async (signal: string): Promise<void> => {
    const inOrder = await finish();
    database.close();
    console.log(
      inOrder ? `stopped by ${signal}` : `stopped by ${signal}, requests were cut off at the deadline`,
    );
    process.exit(inOrder ? 0 : 1);
  };
  // `on`, not `once`: a second signal while stopping must not fall back to Node's default, which ends at once.
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

/**
 * nginx keeps idle connections to an upstream for 1 s. If this side closed one first, a request already on its
 * way on it would be lost; so nginx must always be the one that closes.
 */
function keepConnectionsLongerThanNginx(server: Server): void {
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
}

function listen(server: Server, { port, host }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The real port: with PORT=0 the system chose one. */
function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

main().catch((error: unknown) => {
  console.error(sentenceFor(error));
  process.exit(1);
});
