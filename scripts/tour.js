#!/usr/bin/env node
// @ts-check
/**
 * `npm run tour`: the strategies one after the other, for real, in a throw-away copy of this clone under a gentle
 * load; each slot is a lane that fills and empties as users are answered from it. Nothing is left behind.
 * `npm run tour -- --strategy rolling` shows one; `--svg FILE --text FILE` keeps what was shown.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { mustHaveSampleApp } = require('./demo/sample-app');
const { svgOf } = require('./demo/svg');
const { ensureBuilt } = require('./lib/build');
const { end, KnownFailure } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { ensurePackages } = require('./lib/packages');

const ROOT = path.resolve(__dirname, '..');

async function tour() {
  checkMachine(ROOT);
  const { STAGES } = require('./tour/stages');
  const { strategy, svg, text } = parse(process.argv.slice(2));
  const stages = STAGES.filter((stage) => strategy === undefined || stage.strategy === strategy);
  if (stages.length === 0) throw unknown(strategy, STAGES);
  mustHaveSampleApp(ROOT, 'The tour');
  await ensureNginx();
  await ensurePackages(ROOT);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const rows = await require('./tour/play').play(ROOT, stages);
  if (text) fs.writeFileSync(text, require('./tour/screen').textOf(rows));
  if (svg) fs.writeFileSync(svg, svgOf(rows, { title: 'npm run tour' }));
}

/** @param {string[]} args @returns {{ strategy?: string, svg?: string, text?: string }} */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  try {
    return require('util').parseArgs({ args, options: { strategy: string, svg: string, text: string } })
      .values;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new KnownFailure(
      'E_USAGE',
      message,
      'npm run tour -- --strategy blue-green --svg docs/tour.svg --text docs/tour.txt; all may be left out.',
    );
  }
}

/** @param {string | undefined} strategy @param {import('./tour/stages').Stage[]} stages */
function unknown(strategy, stages) {
  const known = stages.map((stage) => stage.strategy).join(', ');
  return new KnownFailure('E_USAGE', `The tour does not show "${strategy}".`, `It shows: ${known}.`);
}

tour().catch(end);
