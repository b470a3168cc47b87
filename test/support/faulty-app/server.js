/**
 * An app that keeps the contract, except for the faults in its commit's behaviour.json, which cover every way a release
 * can be bad. A file in the data folder, named after the commit, orders faults that start later.
 */
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const behaviour = JSON.parse(fs.readFileSync(path.join(__dirname, 'behaviour.json'), 'utf8'));
const { PORT, SWITCHYARD_COMMIT, SWITCHYARD_INSTANCE, SWITCHYARD_DATA } = process.env;
const order = path.join(SWITCHYARD_DATA, `order-${SWITCHYARD_COMMIT}`);

if (behaviour.exits) {
  console.error('Error: no database at /nowhere');
  process.exit(3);
}

if (behaviour.killsItself) process.kill(process.pid, 'SIGKILL');

// the app's own environment, including values that make it fail
const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('OWN_')));
if (own.OWN_MOOD?.startsWith('refuse')) {
  console.error(`Error: cannot work with ${own.OWN_MOOD}`);
  process.exit(4);
}

// the output of its build, if it has one
const made = path.join(__dirname, 'built.json');
const built = fs.existsSync(made) ? JSON.parse(fs.readFileSync(made, 'utf8')) : {};
if (built.OWN_LOOK?.startsWith('refuse')) {
  console.error(`Error: cannot look ${built.OWN_LOOK}`);
  process.exit(4);
}

/** `exit`, `exit in green`, `unhealthy`, `down`, `busy`, `stuck`, `leak`, `mistaken in green`, `fail-work`, or empty. */
function ordered() {
  return fs.existsSync(order) ? fs.readFileSync(order, 'utf8') : '';
}

/** An order may name one slot of several: each instance ends with its slot's name. */
function isOrdered(what) {
  const [wanted, slot = ''] = ordered().split(' in ');
  return wanted === what && SWITCHYARD_INSTANCE.endsWith(slot);
}

const identity = {
  commit: behaviour.commit ?? SWITCHYARD_COMMIT,
  instance: behaviour.instance ?? SWITCHYARD_INSTANCE,
};

function resolves(name) {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
}

/** One for all clients. */
const DOWNLOAD = Buffer.alloc(64e6);

let works = 0;

const ROUTES = {
  '/health': (request) => {
    if (unhealthy || isOrdered('unhealthy')) return { status: 500, body: { error: 'the database is gone' } };
    // only nginx sets this header; the deployer's own probes do not
    const isUsers = request.headers['x-forwarded-for'] !== undefined;
    const { health = 200, healthThroughNginx = health, lateThroughNginxMs = 0 } = behaviour;
    const body = isOrdered('mistaken') ? { ...identity, commit: 'c'.repeat(40) } : identity;
    if (!isUsers) return { status: health, body };
    return { status: healthThroughNginx, body, late: lateThroughNginxMs };
  },
  // the load generator counts answers by `version`
  '/version': () => ({ status: 200, body: { ...identity, version: identity.commit, pid: process.pid } }),
  '/work': () => ({
    status:
      isOrdered('fail-work') || ++works % behaviour.workFailsEvery === 0 ? 500 : (behaviour.work ?? 200),
    body: identity,
    late: behaviour.workMs ?? 0,
  }),
  '/goal': () => ({
    status: behaviour.goal ?? 200,
    body: identity,
    headers: behaviour.says ? { 'x-switchyard-goal': behaviour.says } : {},
  }),
  '/own': () => ({ status: 200, body: own }),
  '/built': () => ({ status: 200, body: built }),
  '/node': () => ({
    status: 200,
    body: {
      heapMb: require('node:v8').getHeapStatistics().heap_size_limit / 2 ** 20,
      early: globalThis.early ?? null,
      locale: Intl.DateTimeFormat().resolvedOptions().locale,
      fromNodePath: resolves('only-by-node-path'),
      main: require.main === module && process.argv[1] === __filename,
    },
  }),
  '/late': () => ({ status: 200, body: identity, late: 500 }),
  '/too-late': () => ({ status: 200, body: identity, late: 2500 }),
};

let probes = 0;
/** Affects only this process, not others of the same release. */
let unhealthy = false;
process.on('SIGUSR2', () => (unhealthy = true));

const server = http.createServer((request, response) => {
  // accepts the connection and never answers
  if (behaviour.hangs && request.url === '/health') return;
  // too busy with users to answer probes
  if (request.url === '/health' && isOrdered('busy')) return fs.appendFileSync(`${order}.unanswered`, '.');
  // as if every request waited for one database connection
  if (isOrdered('stuck')) return;
  // fails once, after startup
  if (behaviour.silentOnceAt === request.url && ++probes === 2) return;
  if (request.url === '/events') {
    return response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
  }
  if (request.url === '/download') return response.end(DOWNLOAD);
  if (behaviour.earlyHintsAt === request.url) response.writeEarlyHints({ link: '</a.css>; rel=preload' });
  if (behaviour.idleMs) {
    response.setHeader('Keep-Alive', 'off');
    setTimeout(() => request.socket.end(), behaviour.idleMs);
  }
  const answer = ROUTES[request.url] ?? (() => ({ status: 404, body: {} }));
  const down = isOrdered('down') && { status: 503, body: { error: 'the database is gone' } };
  const { status, body, headers = {}, late = 0 } = down || answer(request);
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  }, late);
});
server.on('upgrade', (_request, socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
});
const listen = () => server.listen(Number(PORT), '127.0.0.1');
if (!behaviour.silent && !own.OWN_MOOD?.startsWith('hang')) {
  if (behaviour.listensAfterMs) setTimeout(listen, behaviour.listensAfterMs);
  else listen();
}

const leaked = [];
setInterval(() => {
  if (!isOrdered('leak')) return;
  leaked.push(Buffer.alloc(4e6, 1));
  // in a container, the memory limit kills it earlier
  if (leaked.length > 60) process.abort();
}, 20);

setInterval(() => {
  if (!isOrdered('exit')) return;
  // obey the order once: the next process survives
  fs.rmSync(order);
  console.error('Error: the heap is full');
  process.exit(7);
}, 20);

process.on('SIGTERM', () => server.close(() => process.exit(0)));
