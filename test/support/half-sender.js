/**
 * Clients that begin a request and never end it, in a process of their own: `node half-sender.js PORT COUNT`. Each
 * connection that the server ends is opened again at once, at most PER_TICK in TICK_MS. Says how many are open.
 */
const net = require('node:net');

const [port, count] = process.argv.slice(2).map(Number);
const TICK_MS = 25;
const PER_TICK = 200;
/** The kernel has some 28,000 ports for each pair of addresses. */
const ADDRESSES = 8;
let open = 0;
let opened = 0;

function begin() {
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
  for (let now = 0; now < PER_TICK && open < count; now += 1) begin();
  process.send?.({ open, opened });
}, TICK_MS);
process.on('disconnect', () => process.exit(0));
