/** The code that every process under PM2 loads before its own program. */
import path from 'node:path';
import type { Home } from '../../home/home';

/** The file's path. Processes of older kits still load `preload.js`, which also read their variables. */
export function preloadFile(home: Pick<Home, 'pm2'>): string {
  return path.join(home.pm2, 'pipe.js');
}

/**
 * PM2 reads an app's output through a pipe. When PM2's daemon is killed the pipe breaks, and an app that uses
 * process.stdout.write, as request loggers do, would crash with an unhandled error at its next line.
 */
export const PRELOAD = `// Loaded before the app. It keeps the app alive when PM2's daemon is killed and its output has no reader.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
`;
