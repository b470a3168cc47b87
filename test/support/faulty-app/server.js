/**
 * An app that keeps the contract, except for what its commit's behaviour.json says: every way in which a release
 * can be bad. What it is to do only later is ordered by a file in the data folder, named after its commit.
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

// its own environment: what it holds, and values with which it does not get on
const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('OWN_')));
if (own.OWN_MOOD?.startsWith('refuse')) {
  console.error(`Error: cannot work with ${own.OWN_MOOD}`);
  process.exit(4);
}

/** `exit`, `exit in green`, `unhealthy`, `down`, `busy`, `stuck`, `leak`, `mistaken in green`, `fail-work`, or empty. */
function ordered() {
  return fs.existsSync(order) ? fs.readFileSync(order, 'utf8') : '';
}

/** In a slot of several, which all have an instance of their own that ends with the slot's name. */
function isOrdered(what) {
  const [wanted, slot = ''] = ordered().split(' in ');
  return wanted === what && SWITCHYARD_INSTANCE.endsWith(slot);
}

const identity = {
  commit: behaviour.commit ?? SWITCHYARD_COMMIT,
  instance: behaviour.instance ?? SWITCHYARD_INSTANCE,
};

const ROUTES = {
  '/health': (request) => {
    if (unhealthy || isOrdered('unhealthy')) return { status: 500, body: { error: 'the database is gone' } };
    // nginx says for whom it asks; the deployer's own questions do not
    const isUsers = request.headers['x-forwarded-for'] !== undefined;
    const { health = 200, healthThroughNginx = health, lateThroughNginxMs = 0 } = behaviour;
    const body = isOrdered('mistaken') ? { ...identity, commit: 'c'.repeat(40) } : identity;
    if (!isUsers) return { status: health, body };
    return { status: healthThroughNginx, body, late: lateThroughNginxMs };
  },
  // a load counts its answers by `version`
  '/version': () => ({ status: 200, body: { ...identity, version: identity.commit, pid: process.pid } }),
  '/work': () => ({
    status: isOrdered('fail-work') ? 500 : (behaviour.work ?? 200),
    body: identity,
    late: behaviour.workMs ?? 0,
  }),
  '/goal': () => ({
    status: behaviour.goal ?? 200,
    body: identity,
    headers: behaviour.says ? { 'x-switchyard-goal': behaviour.says } : {},
  }),
  '/own': () => ({ status: 200, body: own }),
  '/late': () => ({ status: 200, body: identity, late: 500 }),
  '/too-late': () => ({ status: 200, body: identity, late: 2500 }),
};

let questions = 0;
/** Only this process, and no other of the same release. */
let unhealthy = false;
process.on('SIGUSR2', () => (unhealthy = true));

const server = http.createServer((request, response) => {
  // the connection is taken, and that is all
  if (behaviour.hangs && request.url === '/health') return;
  // its users come first
  if (request.url === '/health' && isOrdered('busy')) return fs.appendFileSync(`${order}.unanswered`, '.');
  // as where all wait for one connection to a database
  if (isOrdered('stuck')) return;
  // once it is up
  if (behaviour.silentOnceAt === request.url && ++questions === 2) return;
  const answer = ROUTES[request.url] ?? (() => ({ status: 404, body: {} }));
  const down = isOrdered('down') && { status: 503, body: { error: 'the database is gone' } };
  const { status, body, headers = {}, late = 0 } = down || answer(request);
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  }, late);
});
if (!behaviour.silent && !own.OWN_MOOD?.startsWith('hang')) server.listen(Number(PORT), '127.0.0.1');

const leaked = [];
setInterval(() => {
  if (!isOrdered('leak')) return;
  leaked.push(Buffer.alloc(4e6, 1));
  // a container's limit comes first
  if (leaked.length > 60) process.abort();
}, 20);

setInterval(() => {
  if (!isOrdered('exit')) return;
  // obeyed once: the process that comes after this one lives
  fs.rmSync(order);
  console.error('Error: the heap is full');
  process.exit(7);
}, 20);

process.on('SIGTERM', () => server.close(() => process.exit(0)));
