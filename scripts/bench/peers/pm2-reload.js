// @ts-check
/**
 * `pm2 reload` of an app in PM2's cluster mode, which is asked directly: the app itself is switched, not what stands
 * in front of it. It says when it is ready and stops in order, as PM2's guide for graceful reloads wants it.
 */
'use strict';
const path = require('path');
const { ROOT } = require('../kit');
const { atEnd, freePorts, output, scratch, untilAnswers } = require('../processes');

const PM2 = path.join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2');
const INSTANCES = '2';

/** @type {import('.').Peer} */
module.exports = {
  name: 'pm2 reload',
  look: async () => ({
    version: `PM2 ${require(path.join(ROOT, 'node_modules', 'pm2', 'package.json')).version}`,
  }),
  async start() {
    const [port] = /** @type {[number]} */ (await freePorts(1));
    const env = {
      ...process.env,
      PM2_HOME: scratch(),
      PORT: String(port),
      PM2_DISABLE_VERSION_CHECK: 'true',
    };
    const pm2 = (/** @type {string[]} */ ...args) =>
      output(process.execPath, [PM2, '--silent', ...args], { env });
    const stop = atEnd(() => pm2('kill'));
    await pm2(
      'start',
      path.join(__dirname, '..', 'upstream.js'),
      '-n',
      'app',
      '-i',
      INSTANCES,
      '--wait-ready',
    );
    await untilAnswers(port);
    return { port, switchTo: () => pm2('reload', 'app'), stop };
  },
};
