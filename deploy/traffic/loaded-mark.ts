/** Asks nginx which configuration it has loaded: a response header carries the hash of the whole configuration. */
import http from 'node:http';

const MARK = 'x-switchyard-configuration';

/** Null if this nginx sends no mark. Rejects if nothing answers within `timeoutMs`. */
export function loadedMark(port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/_deploy/nginx', agent: false, timeout: timeoutMs };
    const asking = http.get(options, (response) => {
      response.resume();
      const mark = response.headers[MARK];
      resolve(typeof mark === 'string' ? mark : null);
    });
    asking.on('timeout', () => asking.destroy(new Error('nginx does not answer')));
    asking.on('error', reject);
  });
}
