/**
 * The smallest app that keeps the contract, with the faults that the runtime must handle. It reads them from files in
 * its own folder, because tests cannot change a slot's environment.
 */
const http = require('node:http');
const fs = require('node:fs');
const path = require('node:path');

const is = (fault) => fs.existsSync(path.join(__dirname, fault));

if (is('crash')) {
  console.log('opening the database');
  console.error('fatal: no database');
  process.exit(3);
}

const server = http.createServer((request, response) => {
  // like a request logger: without console's protection against a broken pipe
  process.stdout.write(`${request.method} ${request.url}\n`);
  response.end(
    JSON.stringify({
      commit: process.env.SWITCHYARD_COMMIT,
      instance: process.env.SWITCHYARD_INSTANCE,
      main: require.main === module && process.argv[1] === __filename,
    }),
  );
});
server.listen(Number(process.env.PORT), '127.0.0.1');

if (is('with-child')) {
  const child = require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  fs.writeFileSync(path.join(__dirname, 'child.pid'), String(child.pid));
}

if (is('greedy')) {
  const taken = [];
  setInterval(() => taken.push(Buffer.alloc(16e6, 1)), 5);
}

process.on('SIGTERM', () => {
  console.log('SIGTERM');
  if (is('stubborn')) return;
  setTimeout(
    () => {
      console.log('finished my work');
      process.exit(0);
    },
    is('slow') ? 400 : 0,
  );
});
