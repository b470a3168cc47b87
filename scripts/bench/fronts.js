// @ts-check
/** An nginx of ours in a home of its own: with the traffic table, or with everything but the table. */
'use strict';
const fs = require('fs');
const path = require('path');
const { kit } = require('./kit');
const { atEnd, freePorts, output, scratch, untilAnswers } = require('./processes');

/**
 * @typedef {object} Front
 * @property {number} port
 * @property {any} home
 * @property {string} version nginx's
 * @property {(slot: string) => Promise<void>} switchTo
 * @property {() => Promise<void>} stop
 */

/** @param {{ blue: number, green: number }} slots @returns {Promise<Front>} */
async function tableFront(slots) {
  const front = await prepare(slots);
  const traffic = kit('traffic/nginx-traffic').createTraffic({ home: front.home, httpPort: front.port });
  const switchTo = (/** @type {string} */ slot) => traffic.shift({ active: slot, standby: null });
  await switchTo('blue');
  await front.nginx.start();
  return { ...front, switchTo };
}

/** A plain proxy: our own settings, word for word, without the looks at the table. @param {{ blue: number, green: number }} slots @returns {Promise<Front>} */
async function plainFront(slots) {
  const front = await prepare(slots);
  const site = path.join(front.home.nginx, 'site.conf');
  const withTable = fs.readFileSync(site, 'utf8');
  let generation = 0;
  const write = (/** @type {string} */ slot) => {
    generation += 1;
    fs.writeFileSync(site, withoutTable(withTable, slot, generation));
  };
  const isServed = () =>
    untilAnswers(front.port, '/_deploy/generation', ({ text }) => text === String(generation));
  write('blue');
  await front.nginx.start();
  await isServed();
  const { file } = await kit('traffic/nginx-binary').findNginx(process.env.PATH ?? '');
  const args = [
    '-p',
    `${front.home.nginx}/`,
    '-c',
    path.join(front.home.nginx, 'nginx.conf'),
    '-s',
    'reload',
  ];
  return {
    ...front,
    async switchTo(slot) {
      write(slot);
      await output(file, args);
      // the signal only begins it: the new workers serve a moment later
      await isServed();
    },
  };
}

/** @param {{ blue: number, green: number }} slots */
async function prepare(slots) {
  const [http, deployer] = /** @type {[number, number]} */ (await freePorts(2));
  const dir = scratch();
  const home = kit('home/home').homeAt(dir);
  const config = kit('config/load').loadConfig(dir, {
    HTTP_PORT: String(http),
    DEPLOYER_PORT: String(deployer),
    BLUE_PORT: String(slots.blue),
    GREEN_PORT: String(slots.green),
  });
  const nginx = kit('traffic/nginx-server').nginxServer(home, config);
  await nginx.configure();
  const stop = atEnd(() => nginx.stop({ graceMs: 200 }));
  return { port: http, home, nginx, version: await nginx.version(), stop };
}

/** Each change must find what it changes: a template that has moved on is not to be compared by mistake. */
const CHANGES = /** @type {[RegExp, (slot: string, generation: number) => string][]} */ ([
  [/^ *root "[^"]*";$/gm, () => ''],
  [/^map \$realpath_root \$table/gm, () => 'map "" $table'],
  [/^ *if \(-f "[^"]*\/traffic\/[^)]*\) \{[^}]*\}$/gm, () => ''],
  [/^ *if \(\$preview_token\) \{[^}]*\}$/gm, () => ''],
  [/^ *if \(\$slot = ""\) \{[^}]*\}$/gm, () => ''],
  [/^ *set \$slot "";$/gm, (slot) => `set $slot ${slot};`],
  [/return 420;/g, (slot) => `proxy_pass http://slot_${slot};`],
  [/proxy_pass http:\/\/slot_\$slot;/g, (slot) => `proxy_pass http://slot_${slot};`],
  [
    /return 204;/g,
    (_, generation) => `return 204; } location = /_deploy/generation { return 200 "${generation}";`,
  ],
]);

/** @param {string} site @param {string} slot @param {number} generation */
function withoutTable(site, slot, generation) {
  return CHANGES.reduce((text, [pattern, by]) => {
    const changed = text.replace(pattern, by(slot, generation).replace(/\$/g, '$$$$'));
    if (changed === text) throw new Error(`nginx/site.conf.template has no ${pattern} any more`);
    return changed;
  }, site);
}

module.exports = { tableFront, plainFront, withoutTable };
