/** Asks nginx which configuration it has loaded: a response header carries the hash of the whole configuration. */
import type { Home } from '../home/home';
import type { HttpRequest } from '../os/http';
import { sendHttp } from '../os/http';
import { statusSocket } from './nginx-files';

const MARK = 'x-switchyard-configuration';

/** Null if this nginx sends no mark. Rejects if nothing answers within `timeoutMs`. */
export async function loadedMark(
  home: Pick<Home, 'nginx'>,
  port: number,
  timeoutMs: number,
): Promise<string | null> {
  try {
    return await askForMark({ to: { socketPath: statusSocket(home) }, timeoutMs });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error;
    // an nginx started by an older kit answers on the public port
    return askForMark({ to: { port }, path: '/_deploy/nginx', timeoutMs });
  }
}

async function askForMark(request: HttpRequest): Promise<string | null> {
  const { headers } = await sendHttp(request, 0);
  const mark = headers[MARK];
  return typeof mark === 'string' ? mark : null;
}
