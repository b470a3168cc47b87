/**
 * Clients that never finish their requests, as a separate process: `node half-sender.js PORT COUNT`. Reopens each
 * connection that the server closes, at most PER_TICK in TICK_MS. Reports the number of open connections.
 */
const net = require('node:net');

const [port, count] = process.argv.slice(2).map(Number);
const TICK_MS = 25;
const PER_TICK = 200;
/** The kernel has about 28,000 ports for each pair of addresses. */
const ADDRESSES = 8;
let open = 0;
let opened = 0;

function connect() {
  open += 1;
  opened += 1;
  const localAddress = `127.0.0.${2 + (opened % ADDRESSES)}`;
  const socket = net.connect({ host: '127.0.0.1', port, localAddress }, () =>
    socket.write('GET / HTTP/1.1\r\nHost: app\r\nX-Slow: '),
  );
  socket.on('error', () => undefined);
  socket.on('close', () => (open -= 1));
}

setInterval(() => {
  for (let now = 0; now < PER_TICK && open < count; now += 1) connect();
  process.send?.({ open, opened });
}, TICK_MS);
process.on('disconnect', () => process.exit(0));
