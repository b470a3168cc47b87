/**
 * The smallest app behind nginx for the traffic tests. It is plain JavaScript, so it starts without a compiler. It
 * identifies itself and provides the behaviour that the tests need.
 */
const http = require('node:http');
const { createHash } = require('node:crypto');

const { PORT, SLOT, RELEASE } = process.env;
let messages = 0;

const server = http.createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://app');
  if (pathname === '/health') return json(res, 200, { commit: SLOT, instance: `instance-${SLOT}` });
  if (pathname === '/echo') return json(res, 200, { slot: SLOT, url: req.url, headers: req.headers });
  if (pathname === '/fail') return json(res, Number(searchParams.get('status')), { slot: SLOT, own: true });
  if (/^\/(assets|static|pages)\//.test(pathname)) return sendFile(req, res, pathname);
  if (pathname === '/cached') {
    res.setHeader('cache-control', 'public, max-age=60');
    return json(res, 200, { version: SLOT });
  }
  if (pathname === '/events') return streamEvents(res);
  if (pathname === '/api/v1/slow') {
    process.send?.('slow request started');
    return setTimeout(() => json(res, 200, { version: SLOT }), Number(searchParams.get('ms')));
  }
  if (pathname === '/large-headers') {
    res.setHeader('x-large', 'x'.repeat(Number(searchParams.get('bytes'))));
    return json(res, 200, { slot: SLOT });
  }
  if (pathname === '/early-hints') {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    // Node itself closes the idle connection after five seconds
    setTimeout(() => res.socket.end(), 1500);
    return json(res, 200, { slot: SLOT });
  }
  if (pathname === '/trailers') {
    res.writeHead(200, { 'content-type': 'text/plain', trailer: 'X-Sum' });
    res.write('body');
    res.addTrailers({ 'X-Sum': '4' });
    return res.end();
  }
  let size = 0;
  req.on('data', (chunk) => (size += chunk.length));
  req.on('end', () => {
    if (req.method !== 'POST') return json(res, 200, { version: SLOT });
    messages += 1;
    json(res, 201, { id: `${SLOT}-${messages}`, slot: SLOT, size });
  });
});

function json(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Serves the release's own file, such as /assets/v1.js, and no other. */
function sendFile(req, res, pathname) {
  const whole = `a file of ${RELEASE}, from ${SLOT}`;
  if (pathname.endsWith('/broken.js')) return json(res, SLOT === 'blue' ? 404 : 500, { slot: SLOT });
  if (!pathname.endsWith(`/${RELEASE}.js`)) return json(res, 404, { slot: SLOT, own: true });
  if (req.headers['if-none-match'] === `"${RELEASE}"`) return res.writeHead(304).end();
  const [from, to] =
    /\d+-\d+/
      .exec(req.headers.range ?? '')?.[0]
      .split('-')
      .map(Number) ?? [];
  const part = from === undefined ? whole : whole.slice(from, to + 1);
  res.writeHead(part === whole ? 200 : 206, {
    etag: `"${RELEASE}"`,
    'content-length': part.length,
    ...(part !== whole && { 'content-range': `bytes ${from}-${to}/${whole.length}` }),
  });
  res.end(req.method === 'HEAD' ? '' : part);
}

/** Sends a small event every few milliseconds until the client disconnects. */
function streamEvents(res) {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  let events = 0;
  const ticking = setInterval(() => res.write(`data: ${(events += 1)} from ${SLOT}\n\n`), 10);
  res.on('close', () => clearInterval(ticking));
}

/** Just enough WebSocket to tell it from a plain request: the handshake, then an echo of raw bytes. */
server.on('upgrade', (req, socket) => {
  const accept = createHash('sha1')
    .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('data', (bytes) => socket.write(`${SLOT}:${bytes}`));
  socket.on('error', () => socket.destroy());
});

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen(Number(PORT), () => process.send?.('listening'));
