// @ts-check
/**
 * A minimal app that stops gracefully: `node upstream.js`, with PORT and NAME. PM2's cluster sends SIGINT for a reload.
 * Plain JavaScript, because PM2 starts it without a loader.
 */
'use strict';
const http = require('http');

const { PORT, NAME = 'app' } = process.env;
const body = JSON.stringify({ name: NAME, pid: process.pid });
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, headers).end(body));
});
server.listen(Number(PORT), '127.0.0.1', () => process.send && process.send('ready'));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
