/**
 * The deployer: takes requests (the webhook through nginx, commands through the control socket), begins
 * deployments in processes of their own, recovers the dead ones, and watches the slot that serves.
 */
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { buildStamp } from './build-stamp';
import { KnownError, asKnown } from './core/errors';
import type { ClonePlace } from './clone-place';
import { watchPlace } from './clone-place';
import { problemLine } from './config';
import { configMark } from './config-mark';
import { controlApp } from './control';
import { createDispatcher } from './dispatcher';
import { keepGuard } from './guarding';
import type { Desk } from './handover';
import { handOverWhenOrphaned } from './handover';
import { homeAt } from './home';
import { prune } from './pipeline/prune';
import { poll } from './poll';
import { previewRoutes } from './preview/routes';
import { createNotifier } from './notify/notifier';
import { createRequests } from './requests';
import { keepReserve } from './reserve';
import { rotate } from './rotate';
import { createSchedules } from './schedules';
import { readSecret } from './secret';
import { nginxServer } from './traffic/nginx-server';
import { createWatch } from './watch';
import { webhookApp } from './webhook/app';
import { createWishes } from './wishes';
import type { Yard } from './yard';
import { openYard } from './yard';

const REQUESTS_MAY_TAKE_MS = 1000;
const RESERVE_EVERY_MS = 60_000;

function main(): void {
  const yard = openYard(homeAt(required('SWITCHYARD_HOME')), required('SWITCHYARD_ROOT'));
  const desk = createDesk(yard, readSecret(yard.home), watchPlace(yard.root));
  // a deployment that runs goes on: it is a process of its own
  const leave = (): Promise<void> => desk.close().then(() => process.exit(0));
  process.on('SIGTERM', () => void leave());
  process.on('SIGINT', () => void leave());
  desk.open();
  if (yard.configProblem) void tellProblem(yard, yard.configProblem);
  // what a full disk has used up is put by again when there is room
  setInterval(() => keepReserve(yard.home), RESERVE_EVERY_MS).unref();
  handOverWhenOrphaned(yard, desk).then(
    () => process.exit(0),
    (error: unknown) => console.error('handover:', error),
  );
}

/** Once for each trouble, however often the deployer is started again. */
async function tellProblem({ journal }: Yard, problem: KnownError): Promise<void> {
  const message = problemLine(problem).replace(/^! /, '');
  console.error(message);
  if (journal.incidents(20).some((each) => each.message === message)) return;
  await journal.tell(null, { type: 'incident', message });
}

/** Everything that the deployer does, to be begun and ended as a whole. */
function createDesk(yard: Yard, secret: string, clonePlace: () => ClonePlace): Desk {
  const dispatcher = createDispatcher(yard, clonePlace, () => schedules.now('prune'));
  const request = createRequests(yard, () => dispatcher.poke());
  const watch = createWatch(yard, request, nginxKeeper(yard));
  const routes = [previewRoutes({ ...yard, secret })];
  const webhook = webhookApp({ secret, branch: yard.config.branch, request, routes });
  const control = controlApp({
    request,
    wish: createWishes(yard),
    build: buildStamp,
    config: configMark(yard.config),
    clone: clonePlace,
  });
  const { schedules: when } = yard.config;
  const schedules = createSchedules(
    [
      { name: 'poll', when: when.poll, does: () => poll(yard, request), again: 'the source answers again' },
      { name: 'prune', when: when.prune, does: () => prune(yard), again: 'old releases are removed again' },
      { name: 'rotate', when: when.rotate, does: () => rotate(yard), again: 'logs are rotated again' },
    ],
    (entry) => yard.journal.tell(null, entry),
  );
  const notifier = createNotifier(yard);
  let servers: Server[] = [];
  let guard: { stop: () => void } | undefined;
  return {
    open() {
      guard = keepGuard(yard.home, yard.root);
      servers = [webhook.listen(yard.config.deployer.port, '127.0.0.1'), listenOnSocket(yard, control)];
      dispatcher.start();
      watch.start();
      schedules.start();
      // what was pushed while nobody listened; of a source that is new here, where to begin
      schedules.now('poll');
      notifier.start();
    },
    async close() {
      guard?.stop();
      dispatcher.stop();
      watch.stop();
      schedules.stop();
      await Promise.all([notifier.stop(), ...servers.map(closed)]);
      rmSync(yard.home.socket, { force: true });
    },
  };
}

/** Requests under way are answered; one that does not come to its end is not waited for. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    setTimeout(() => server.closeAllConnections(), REQUESTS_MAY_TAKE_MS).unref();
  });
}

/** Starts nginx when its master is gone; true when it had to. */
function nginxKeeper({ home, config }: Yard): () => Promise<boolean> {
  const nginx = nginxServer(home, config);
  return async () => {
    if (nginx.running()) return false;
    await nginx.start();
    return true;
  };
}

/** The socket of a killed deployer is in the way of the next. Only its owner may open the new one. */
function listenOnSocket(yard: Yard, app: ReturnType<typeof controlApp>): Server {
  rmSync(yard.home.socket, { force: true });
  return app.listen(yard.home.socket, () => chmodSync(yard.home.socket, 0o600));
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
