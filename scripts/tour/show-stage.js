// @ts-check
/** One strategy: a change is committed and deployed, and taken back, by the commands that a person would type. */
'use strict';
const fs = require('fs');
const path = require('path');
const { styled } = require('../demo/colours');
const { run } = require('../lib/run');
const { frameOf } = require('./frame');
const { measure } = require('./measure');

const DRAW_EVERY_MS = 150;
/** Users go on for a moment, so that one sees what they get in the end. */
const AFTERWARDS_MS = 700;
/** What is told when a release is built, and before anything that runs is touched. */
const PREPARED = /^✓ (migrate|build|install|check out) /;
const LIVE = /^✓ LIVE/;

/**
 * @typedef {object} Stand what a stage is shown with
 * @property {import('./commands').Commands} commands
 * @property {InstanceType<typeof import('./recorder').Recorder>} recorder
 * @property {InstanceType<typeof import('./screen').Screen>} screen
 * @property {string[]} slots
 *
 * @param {import('./stages').Stage} stage
 * @param {Stand} stand
 * @returns {Promise<import('./measure').Measured>}
 */
async function showStage(stage, { commands, recorder, screen, slots }) {
  configure(stage, commands.dir);
  if (stage.before) await commands.run(stage.before);
  recorder.begin(await commitChange(stage, commands));
  /** @type {import('./frame').View} */
  const view = { stage, typed: [], marks: { begun: recorder.now() }, now: 0, answers: [], looks: [] };
  let last = '';
  const frame = () => {
    Object.assign(view, { now: recorder.now(), answers: recorder.answers, looks: recorder.looks });
    return frameOf(view, slots, screen.width);
  };
  const timer = setInterval(() => screen.draw([...frame(), styled(last)]), DRAW_EVERY_MS);
  try {
    view.typed.push(stage.there);
    await commands.run(stage.there, (line) => {
      last = line;
      markLine(view.marks, line, recorder.now());
    });
    view.marks.wayBack = recorder.now();
    view.typed.push(stage.back);
    await commands.run(stage.back, (line) => {
      last = line;
    });
    await new Promise((resolve) => setTimeout(resolve, AFTERWARDS_MS));
    view.marks.end = recorder.now();
  } finally {
    clearInterval(timer);
  }
  screen.print([...frame(), []]);
  return measure(view.answers, view.looks, view.marks);
}

/** @param {import('./measure').Marks} marks @param {string} line @param {number} now */
function markLine(marks, line, now) {
  if (marks.live === undefined && PREPARED.test(line)) marks.begun = now;
  if (marks.live === undefined && LIVE.test(line)) marks.live = now;
}

/** A rollback goes the way that the configuration names. @param {import('./stages').Stage} stage @param {string} dir */
function configure({ strategy }, dir) {
  fs.appendFileSync(path.join(dir, 'deploy.config.js'), `module.exports.strategy = '${strategy}';\n`);
}

/** Returns the commit. @param {import('./stages').Stage} stage @param {import('./commands').Commands} commands */
async function commitChange({ strategy, title }, commands) {
  await commands.run(`sed -i "s/^const GREETING = .*/const GREETING = 'Hello, ${strategy}';/" app/page.ts`);
  await commands.run(`git commit -qam 'Greet ${title}'`);
  const { lines } = await run('git', ['-C', commands.dir, 'rev-parse', 'HEAD']);
  return lines[0] ?? '';
}

module.exports = { showStage };
