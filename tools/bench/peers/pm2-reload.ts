/**
 * `pm2 reload` of an app in cluster mode, to which clients connect directly. The app signals readiness and stops
 * gracefully, as PM2's guide recommends.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts } from '../../../test/support/ports';
import { onCleanup, output, tempFolder, waitForAnswer } from '../processes';
import type { Peer } from './peer';

const PM2 = path.resolve(__dirname, '../../../node_modules/pm2');
const PROGRAM = path.resolve(__dirname, '../upstream.js');
const INSTANCES = '2';

export const pm2Reload: Peer = {
  name: 'pm2 reload',
  // eslint-disable-next-line @typescript-eslint/require-await -- other peers have to wait
  async detect() {
    const { version } = JSON.parse(readFileSync(path.join(PM2, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { version: `PM2 ${version}` };
  },
  async start() {
    const [port = 0] = await freePorts(1);
    const own = { PM2_HOME: tempFolder(), PORT: String(port), PM2_DISABLE_VERSION_CHECK: 'true' };
    const env = { ...process.env, ...own };
    const pm2 = (...args: string[]): Promise<string> =>
      output(process.execPath, [path.join(PM2, 'bin', 'pm2'), '--silent', ...args], { env });
    const stop = onCleanup(() => pm2('kill'));
    await pm2('start', PROGRAM, '-n', 'app', '-i', INSTANCES, '--wait-ready');
    await waitForAnswer(port);
    return { port, switchTo: () => pm2('reload', 'app'), stop };
  },
};
