// @ts-check
/** The tour in order: start the copy, let users come, show one strategy after the other, and compare them. */
'use strict';
const fs = require('fs');
const path = require('path');
const { attended } = require('../demo/attended');
const { freePorts } = require('../bench/processes');
const { makeCopy } = require('../demo/copy');
const { Users } = require('../demo/users');
const { phase } = require('../lib/phase');
const { commandsIn } = require('./commands');
const { Recorder } = require('./recorder');
const { Screen } = require('./screen');
const { showStage } = require('./show-stage');
const { sentence } = require('./fit');
const { tableOf } = require('./table');

/** No longer times than one needs to see what happens. Seconds. */
const SHORT = { BAKE_SECONDS: '2', DRAIN_SECONDS: '1' };
/** So many that a tenth of them is a few; about 300 requests a second. */
const GENTLE = { count: 100, pauseMs: 320 };

/**
 * @param {string} root the clone
 * @param {import('./stages').Stage[]} stages
 * @returns {Promise<import('../demo/colours').Span[][]>} what was shown
 */
async function play(root, stages) {
  // nobody types them here: any will do, and several tours may run at once
  const [http, deployer, blue, green, amber, violet] =
    /** @type {[number, number, number, number, number, number]} */ (await freePorts(6));
  const slots = { blue, green, amber, violet };
  const pool = Object.entries(slots).map(([name, port]) => `${name}:${port}`);
  const settings = { ...SHORT, SLOTS: pool.join(',') };
  const copy = await makeCopy(root, { http, deployer, ...slots }, settings, 'tour');
  const commands = commandsIn(copy);
  const recorder = new Recorder(slots);
  const users = new Users(http, GENTLE, (answer) => recorder.hear(answer));
  const screen = new Screen();
  return attended({
    name: 'the tour',
    work: async () => {
      await start(copy.dir, stages, commands);
      screen.print([...sentence(legend(users.come()), 'quiet', screen.width), []]);
      const rows = [];
      for (const stage of stages) {
        const measured = await showStage(stage, { commands, recorder, screen, slots: Object.keys(slots) });
        rows.push({ title: stage.title, measured });
      }
      screen.print(tableOf(rows, screen.width));
      return screen.rows;
    },
    giveUp: () => {
      screen.close();
      commands.end();
    },
    tidy: async () => {
      screen.close();
      recorder.end();
      await users.leave();
      await copy.remove();
    },
  });
}

/** @param {string} dir @param {import('./stages').Stage[]} stages @param {import('./commands').Commands} commands */
function start(dir, stages, commands) {
  const file = path.join(dir, 'deploy.config.js');
  return phase({ doing: 'Starting a throw-away copy', done: 'a throw-away copy runs' }, async () => {
    fs.appendFileSync(file, configOf(stages));
    await commands.run("git commit -qam 'Short times for a tour'");
    await commands.run('npm start');
  });
}

/** The app's own tests are no part of what is shown. @param {import('./stages').Stage[]} stages */
function configOf(stages) {
  const settings = Object.assign({}, ...stages.map(({ config }) => config), {
    strategy: stages[0]?.strategy,
  });
  return `\nmodule.exports.app.test = null;\nObject.assign(module.exports, ${JSON.stringify(settings)});\n`;
}

/** @param {number} count */
function legend(count) {
  return `${count} users keep asking, and keep their cookies as browsers do. A lane is a slot: as full as its share of the answers, and dim for the old version.`;
}

module.exports = { play };
