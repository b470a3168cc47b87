// @ts-check
/**
 * `npm run bench`: measures what the project promises, beside what people would use instead. With `--publish` the
 * results become docs/benchmarks.md, .json and .svg. Exit code 1 when a bound is missed.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { boundsOf } = require('./bench/bounds');
const { PARTS, QUICK, runParts } = require('./bench/index');
const { ROOT } = require('./bench/kit');
const { machine } = require('./bench/machine');
const { readOptions } = require('./bench/options');
const { endAll } = require('./bench/processes');
const { ensureBuilt } = require('./lib/build');
const { end } = require('./lib/known');

async function main() {
  const options = readOptions(process.argv.slice(2), { parts: PARTS, quick: QUICK });
  const say = (/** @type {string} */ text) =>
    console.error(`  ${new Date().toISOString().slice(11, 19)} ${text}`);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  await ensureBuilt(ROOT, 'app', 'the app');
  const on = await machine();
  const { results, skipped } = await runParts({ quick: options.quick, say }, options.parts);
  await endAll();
  const run = { machine: on, results, bounds: boundsOf(results), skipped };
  if (options.json) console.log(JSON.stringify(run, null, 2));
  else show(run);
  if (options.publish) await publish(run);
  // a short run is too short to judge by
  if (!options.quick && run.bounds.some(({ kept }) => !kept)) process.exitCode = 1;
  if (skipped.some(({ why }) => why.startsWith('it failed'))) process.exitCode = 1;
}

/** @param {{ bounds: import('./bench/bounds').Bound[], skipped: import('./bench/index').Skipped[] }} run */
function show({ bounds, skipped }) {
  for (const { what, allowed, measured, kept } of bounds)
    console.log(`${kept ? '✓' : '✗'} ${what}: ${measured} (${allowed})`);
  for (const { name, why, install } of skipped)
    console.log(`- ${name}: ${why}${install ? `; ${install}` : ''}`);
}

/** @param {any} run */
async function publish(run) {
  const docs = path.join(ROOT, 'docs');
  const { markdown } = require('./bench/report');
  const { plot } = require('./bench/plot');
  const prettier = require('prettier');
  const write = async (/** @type {string} */ name, /** @type {string} */ text, /** @type {any} */ parser) =>
    fs.writeFileSync(path.join(docs, name), parser ? await prettier.format(text, { parser }) : text);
  await write('benchmarks.json', JSON.stringify(run), 'json');
  await write('benchmarks.md', markdown(run), 'markdown');
  await write('benchmarks.svg', await plot(run.results.peers), null);
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => void endAll().then(() => process.exit(130)));

main().catch(async (error) => {
  await endAll();
  end(error);
});
