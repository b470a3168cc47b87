/**
 * Takes a port in the instant it is free, and answers every request with the same text, as an app would. Prints a line
 * when it starts trying, when it has the port, and for each request that came through nginx.
 */
const http = require('node:http');

const [port, answer] = process.argv.slice(2);
const print = (what) => console.log(JSON.stringify({ what, at: Date.now() }));
const server = http.createServer((request, response) => {
  if (request.headers['x-forwarded-for'] !== undefined) print('request');
  response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
});
let isTrying = false;
server.on('error', () => {
  if (!isTrying) print('trying');
  isTrying = true;
  setTimeout(take, 1);
});
server.on('listening', () => print('listening'));
const take = () => server.listen(Number(port), '127.0.0.1');
take();
