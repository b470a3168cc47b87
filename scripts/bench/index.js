// @ts-check
/** The parts of the benchmark, in their order. One that fails is told, and the others are still measured. */
'use strict';
const { startClone } = require('./clone');
const { output } = require('./processes');

/**
 * @typedef {object} Bench
 * @property {boolean} quick
 * @property {(text: string) => void} say
 */
/** @typedef {{ name: string, why: string, install?: string }} Skipped */

const PARTS = ['peers', 'throughput', 'oldSlot', 'push', 'rollback', 'install'];
/** These need no clone, so they are quick. */
const QUICK = ['peers', 'throughput', 'oldSlot'];
/** These work on a live clone. */
const ON_A_CLONE = ['push', 'rollback', 'install'];
const IMAGE = 'node:24-bookworm-slim';

/** @param {Bench} bench @param {string[]} wanted of PARTS */
async function runParts(bench, wanted) {
  /** @type {Record<string, any>} */
  const results = {};
  /** @type {Skipped[]} */
  const skipped = [];
  const part = async (/** @type {string} */ name, /** @type {() => Promise<any>} */ does) => {
    if (!wanted.includes(name)) return;
    try {
      results[name] = await does();
    } catch (error) {
      results[name] = undefined;
      skipped.push({ name, why: `it failed: ${error instanceof Error ? error.message : error}` });
    }
  };
  await part('peers', () => require('./sections/peers').peers(bench));
  skipped.push(...(results.peers?.skipped ?? []));
  await part('throughput', () => require('./sections/throughput').throughput(bench));
  await part('oldSlot', () => require('./sections/old-slot').oldSlot(bench));
  if (wanted.some((name) => ON_A_CLONE.includes(name))) await onAClone(bench, part, results);
  if (wanted.includes('push') && results.push) await withCompose(bench, results.push, skipped);
  return { results, skipped };
}

/** @param {Bench} bench @param {(name: string, does: () => Promise<any>) => Promise<void>} part @param {Record<string, any>} results */
async function onAClone(bench, part, results) {
  bench.say('a live clone is made');
  const clone = await startClone('pm2');
  // a rollback needs a release before
  await part('push', async () => ({ pm2: await require('./sections/push').push(bench, clone, 'pm2') }));
  if (!results.push) await clone.push('something to go back from');
  await part('rollback', () => require('./sections/rollback').rollback(bench, clone));
  await part('install', () => require('./sections/install').install(bench, clone));
  await clone.stop();
}

/** @param {Bench} bench @param {any} push @param {Skipped[]} skipped */
async function withCompose(bench, push, skipped) {
  const name = 'push to live with Compose';
  try {
    await output('docker', ['image', 'inspect', IMAGE]);
  } catch {
    return void skipped.push({
      name,
      why: `no Docker engine with ${IMAGE} answers`,
      install: `docker pull ${IMAGE}`,
    });
  }
  try {
    bench.say('a live clone with containers is made');
    const clone = await startClone('compose');
    push.compose = await require('./sections/push').push(bench, clone, 'compose');
    await clone.stop();
  } catch (error) {
    skipped.push({ name, why: `it failed: ${error instanceof Error ? error.message : error}` });
  }
}

module.exports = { PARTS, QUICK, runParts };
