// @ts-check
/** kamal-proxy, where the variable KAMAL_PROXY names its binary: another target is deployed for the service. */
'use strict';
const { ended, freePorts, output, scratch, serve, until, untilAnswers } = require('../processes');

const INSTALL =
  'go install github.com/basecamp/kamal-proxy/cmd/kamal-proxy@latest; KAMAL_PROXY=~/go/bin/kamal-proxy';
const OPTIONS = ['--health-check-path', '/', '--health-check-interval', '100ms'];

/** @type {import('.').Peer} */
module.exports = {
  name: 'kamal-proxy',
  async look() {
    if (!process.env.KAMAL_PROXY)
      return { missing: 'KAMAL_PROXY does not name its binary', install: INSTALL };
    return { version: 'kamal-proxy' };
  },
  async start(slots) {
    const file = /** @type {string} */ (process.env.KAMAL_PROXY);
    const [port, https] = /** @type {[number, number]} */ (await freePorts(2));
    const dir = scratch();
    const env = {
      ...process.env,
      HOME: dir,
      XDG_CONFIG_HOME: dir,
      XDG_RUNTIME_DIR: dir,
      XDG_STATE_HOME: dir,
    };
    const child = serve(file, ['run', '--http-port', String(port), '--https-port', String(https)], { env });
    const deploy = (/** @type {number} */ target) =>
      output(file, ['deploy', 'app', '--target', `127.0.0.1:${target}`, ...OPTIONS], { env });
    await until('kamal-proxy', () =>
      deploy(slots.blue).then(
        () => true,
        () => false,
      ),
    );
    await untilAnswers(port);
    return { port, switchTo: (slot) => deploy(slots[slot]), stop: () => ended(child) };
  },
};
