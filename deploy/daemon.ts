/**
 * The deployer: accepts requests (the webhook through nginx, commands through the control socket), starts each
 * deployment in its own process, recovers dead ones, and watches the slots with traffic.
 */
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { buildStamp } from './config/build-stamp';
import { parseSize } from './core/capacity';
import { KnownError, asKnown } from './core/errors';
import type { ClonePlace } from './home/clone-place';
import { watchPlace } from './home/clone-place';
import { problemLine } from './config/load';
import { configMark } from './config/fingerprint';
import { controlApp } from './http/control-api';
import { createDispatcher } from './deployer/dispatcher';
import { keepGuard } from './deployer/guard-process';
import type { DeployerServers } from './deployer/handover';
import { handOverWhenOrphaned } from './deployer/handover';
import { homeAt } from './home/home';
import { PRIVATE } from './home/modes';
import { prune } from './prune/prune';
import { poll } from './deployer/poll-source';
import { previewRoutes } from './http/preview/routes';
import { createNotifier } from './notify/notifier';
import { createRequests } from './deployer/requests';
import { createReserve } from './home/disk-reserve';
import { isRotationDue, rotate } from './deployer/rotate-logs';
import { createSchedules } from './deployer/schedules';
import { validSecrets } from './home/secret-rotation';
import { nginxServer } from './traffic/nginx-server';
import { createWatch } from './deployer/watchdog';
import { webhookApp } from './http/webhook/app';
import { deliveryLog } from './http/webhook/deliveries';
import { createOperatorRequests } from './deployer/operator-requests';
import type { DeployContext } from './context';
import { openContext } from './context';

const REQUESTS_MAY_TAKE_MS = 1000;
/** A webhook normally arrives within milliseconds. These limits bound memory against large or slow requests. */
const BODY_LIMITS = { atOnce: 20, withinMs: 10_000 };
const SERVER_LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000 };
const MOST_CONNECTIONS = 500;
const RESERVE_EVERY_MS = 60_000;
/** An attack can write 100 MB in a second, long before the next run of `schedules.rotate`. */
const LOGS_EVERY_MS = 2000;

function main(): void {
  const context = openContext(homeAt(required('SWITCHYARD_HOME')), required('SWITCHYARD_ROOT'));
  const servers = createServers(context, validSecrets(context.home), watchPlace(context.root));
  // a running deployment continues in its own process
  const leave = (): Promise<void> => servers.close().then(() => process.exit(0));
  process.on('SIGTERM', () => void leave());
  process.on('SIGINT', () => void leave());
  servers.open();
  if (context.configProblem) void recordProblem(context, context.configProblem);
  // refills the reserve that a full disk has used, once there is free space
  setInterval(() => createReserve(context.home), RESERVE_EVERY_MS).unref();
  handOverWhenOrphaned(context, servers).then(
    () => process.exit(0),
    (error: unknown) => console.error('handover:', error),
  );
}

/** Reports each problem once, however often the deployer restarts. */
async function recordProblem({ journal }: DeployContext, problem: KnownError): Promise<void> {
  const message = problemLine(problem).replace(/^! /, '');
  console.error(message);
  if (journal.incidents(20).some((each) => each.reason === 'configuration' && each.message === message))
    return;
  await journal.record(null, { type: 'incident', reason: 'configuration', message });
}

/** All duties of the deployer, started and stopped together. */
function createServers(
  context: DeployContext,
  secrets: () => string[],
  clonePlace: () => ClonePlace,
): DeployerServers {
  const dispatcher = createDispatcher(context, clonePlace, () => schedules.now('prune'));
  const request = createRequests(context, () => dispatcher.wake());
  const watch = createWatch(context, request, nginxKeeper(context));
  const routes = [previewRoutes({ ...context, secrets })];
  const { branch, source, deployer } = context.config;
  const deliveries = deliveryLog(context.home);
  const limits = { ...BODY_LIMITS, size: parseSize(deployer.maxBody) };
  const webhook = createServer(
    SERVER_LIMITS,
    webhookApp({ secrets, branch, source, limits, request, deliveries, routes }),
  );
  webhook.maxConnections = MOST_CONNECTIONS;
  const control = controlApp({
    request,
    requestOperation: createOperatorRequests(context),
    build: buildStamp,
    config: configMark(context.config),
    clone: clonePlace,
  });
  const { schedules: when } = context.config;
  const schedules = createSchedules(
    [
      {
        name: 'poll',
        when: when.poll,
        run: () => poll(context, request),
        recovered: 'the source answers again',
      },
      {
        name: 'prune',
        when: when.prune,
        run: () => prune(context),
        recovered: 'old releases are removed again',
      },
      { name: 'rotate', when: when.rotate, run: () => rotate(context), recovered: 'logs are rotated again' },
    ],
    (entry) => context.journal.record(null, entry),
  );
  const notifier = createNotifier(context);
  let servers: Server[] = [];
  let guard: { stop: () => void } | undefined;
  let logs: NodeJS.Timeout | undefined;
  return {
    open() {
      guard = keepGuard(context.home, context.root);
      servers = [webhook.listen(deployer.port, '127.0.0.1'), listenOnSocket(context, control)];
      dispatcher.start();
      watch.start();
      schedules.start();
      // finds pushes that arrived while the deployer was down, and records the tip of a new source
      schedules.now('poll');
      notifier.start();
      logs = setInterval(() => {
        if (isRotationDue(context)) schedules.now('rotate');
      }, LOGS_EVERY_MS);
    },
    async close() {
      guard?.stop();
      dispatcher.stop();
      watch.stop();
      schedules.stop();
      clearInterval(logs);
      await Promise.all([notifier.stop(), ...servers.map(closed)]);
      deliveries.close();
      rmSync(context.home.socket, { force: true });
    },
  };
}

/** Waits for requests in flight, then cuts off those that take too long. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    setTimeout(() => server.closeAllConnections(), REQUESTS_MAY_TAKE_MS).unref();
  });
}

/** Returns a function that starts nginx if its master is gone, and returns true if it did. */
function nginxKeeper({ home, config }: DeployContext): () => Promise<boolean> {
  const nginx = nginxServer(home, config);
  return async () => {
    if (nginx.running()) return false;
    await nginx.start();
    return true;
  };
}

/** Removes the socket of a killed deployer first. Only the owner may open the new one. */
function listenOnSocket(context: DeployContext, app: ReturnType<typeof controlApp>): Server {
  rmSync(context.home.socket, { force: true });
  // Node creates the socket within this call, so the umask restricts it from the start
  const before = process.umask(0o777 & ~PRIVATE);
  try {
    return app.listen(context.home.socket);
  } finally {
    process.umask(before);
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new KnownError('E_NOT_STARTED', `${name} is not set: the deployer is started by npm start.`);
  return value;
}

try {
  main();
} catch (error) {
  const known = asKnown(error);
  console.error(`${known.code}: ${known.message}\n${known.hint}`);
  process.exitCode = 1;
}
