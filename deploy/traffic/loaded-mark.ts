/** Asks nginx which configuration it has loaded: a response header carries the hash of the whole configuration. */
import http from 'node:http';
import type { Home } from '../home/home';
import { statusSocket } from './nginx-files';

const MARK = 'x-switchyard-configuration';

/** Null if this nginx sends no mark. Rejects if nothing answers within `timeoutMs`. */
export function loadedMark(
  home: Pick<Home, 'nginx'>,
  port: number,
  timeoutMs: number,
): Promise<string | null> {
  return askForMark({ socketPath: statusSocket(home) }, timeoutMs).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') throw error;
    // an nginx that an older kit has started answers on the public port
    return askForMark({ host: '127.0.0.1', port, path: '/_deploy/nginx' }, timeoutMs);
  });
}

function askForMark(where: http.RequestOptions, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const asking = http.get({ ...where, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      const mark = response.headers[MARK];
      resolve(typeof mark === 'string' ? mark : null);
    });
    asking.on('timeout', () => asking.destroy(new Error('nginx does not answer')));
    asking.on('error', reject);
  });
}
