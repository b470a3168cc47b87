// @ts-check
/** Caddy's admin API: the upstream is replaced in the running configuration. */
'use strict';
const fs = require('fs');
const path = require('path');
const { ended, findProgram, freePorts, output, scratch, serve, untilAnswers } = require('../processes');

const INSTALL = 'sudo apt-get install -y --no-install-recommends caddy';
const UPSTREAMS = '/config/apps/http/servers/app/routes/0/handle/0/upstreams';

/** @type {import('.').Peer} */
module.exports = {
  name: "Caddy's admin API",
  async look() {
    const file = findProgram('caddy');
    if (file === null) return { missing: 'caddy is not installed', install: INSTALL };
    return { version: `Caddy ${(await output(file, ['version'])).trim().split(' ')[0]}` };
  },
  async start(slots) {
    const [port, admin] = /** @type {[number, number]} */ (await freePorts(2));
    const dir = scratch();
    const file = path.join(dir, 'caddy.json');
    fs.writeFileSync(file, JSON.stringify(configuration(port, admin, slots.blue)));
    const env = { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir };
    const child = serve(/** @type {string} */ (findProgram('caddy')), ['run', '--config', file], { env });
    await untilAnswers(port);
    return {
      port,
      switchTo: (slot) => patch(admin, upstreams(slots[slot])),
      stop: () => ended(child),
    };
  },
};

/** @param {number} port */
function upstreams(port) {
  return [{ dial: `127.0.0.1:${port}` }];
}

/** @param {number} port @param {number} admin @param {number} upstream */
function configuration(port, admin, upstream) {
  const handle = [{ handler: 'reverse_proxy', upstreams: upstreams(upstream) }];
  const server = { listen: [`127.0.0.1:${port}`], routes: [{ handle }], automatic_https: { disable: true } };
  return { admin: { listen: `127.0.0.1:${admin}` }, apps: { http: { servers: { app: server } } } };
}

/** @param {number} admin @param {object} value */
async function patch(admin, value) {
  const answer = await fetch(`http://127.0.0.1:${admin}${UPSTREAMS}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  if (!answer.ok) throw new Error(`caddy: ${answer.status} ${await answer.text()}`);
}
