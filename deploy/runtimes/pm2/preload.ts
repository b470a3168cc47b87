/** The code that every process started through PM2 loads before its own program. */
import path from 'node:path';
import type { Home } from '../../home/home';

/** The file's path. The preloaded code derives the home from it. */
export function preloadFile(home: Pick<Home, 'pm2'>): string {
  return path.join(home.pm2, 'preload.js');
}

/**
 * PM2 reads an app's output through a pipe. When PM2's daemon is killed the pipe breaks, and an app that uses
 * process.stdout.write, as request loggers do, would crash with an unhandled error at its next line.
 *
 * The app's own variables are read here and not passed to PM2, which would keep them in memory, show them in `pm2 env`
 * and write them to its dump.
 */
export const PRELOAD = `// Loaded before the app. It goes on when PM2's daemon is killed and nobody reads its output.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
// The app's own environment, which PM2 does not know.
const { SWITCHYARD_ENVIRONMENT: number } = process.env;
if (/^[1-9][0-9]*$/.test(number)) {
  const file = require('node:path').join(__dirname, '..', 'env', number + '.json');
  const { variables } = JSON.parse(require('node:fs').readFileSync(file, 'utf8'));
  for (const [name, { value }] of Object.entries(variables)) process.env[name] = value;
}
`;
