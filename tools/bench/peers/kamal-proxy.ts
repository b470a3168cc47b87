/** kamal-proxy, if the variable KAMAL_PROXY names its binary: deploys a different target for the service. */
import { freePorts } from '../../../test/support/ports';
import { until } from '../../../test/support/until';
import { output, startServer, stop, tempFolder, waitForAnswer } from '../processes';
import type { Peer } from './peer';

const INSTALL =
  'go install github.com/basecamp/kamal-proxy/cmd/kamal-proxy@latest; KAMAL_PROXY=~/go/bin/kamal-proxy';
const OPTIONS = ['--health-check-path', '/', '--health-check-interval', '100ms'];
const READY_WITHIN_MS = 15_000;

export const kamalProxy: Peer = {
  name: 'kamal-proxy',
  // eslint-disable-next-line @typescript-eslint/require-await -- other peers have to wait
  async detect() {
    if (!process.env.KAMAL_PROXY)
      return { missing: 'KAMAL_PROXY does not name its binary', install: INSTALL };
    return { version: 'kamal-proxy' };
  },
  async start(upstreams) {
    const file = process.env.KAMAL_PROXY ?? 'kamal-proxy';
    const [port = 0, https = 0] = await freePorts(2);
    const dir = tempFolder();
    const folders = { HOME: dir, XDG_CONFIG_HOME: dir, XDG_RUNTIME_DIR: dir, XDG_STATE_HOME: dir };
    const env = { ...process.env, ...folders };
    const ports = ['--http-port', String(port), '--https-port', String(https)];
    const child = startServer(file, ['run', ...ports], { env });
    const deploy = (target: number): Promise<string> =>
      output(file, ['deploy', 'app', '--target', `127.0.0.1:${target}`, ...OPTIONS], { env });
    const isDeployed = (): Promise<boolean> =>
      deploy(upstreams.blue).then(
        () => true,
        () => false,
      );
    await until('kamal-proxy', isDeployed, READY_WITHIN_MS);
    await waitForAnswer(port);
    return { port, switchTo: (slot) => deploy(upstreams[slot]), stop: () => stop(child) };
  },
};
