/**
 * The process, from start to stop: it reads the environment, opens the database, listens, and stops gracefully on
 * SIGTERM. It knows nothing of deployments. PORT, /health and SIGTERM are its whole contract with Switchyard.
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

  // Switchyard runs `migrate` before it starts this release. A server that migrates on its own would change the
  // database of the live release, even if it never got a request.
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
    const graceful = await finish();
    database.close();
    console.log(
      graceful ? `stopped by ${signal}` : `stopped by ${signal}, requests were cut off at the deadline`,
    );
    process.exit(graceful ? 0 : 1);
  };
  // `on`, not `once`: a second signal must not fall back to Node's default, which exits immediately.
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

/**
 * nginx keeps idle connections to an upstream for 1 s. If the app closed one first, a request already on its way would
 * be lost. So nginx must always be the side that closes.
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

/** The actual port, which the system chooses for PORT=0. */
function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

main().catch((error: unknown) => {
  console.error(sentenceFor(error));
  process.exit(1);
});
