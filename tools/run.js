// @ts-check
/**
 * Runs one of the tools in this folder: `node tools/run.js demo --svg FILE`. They are TypeScript, compiled as they
 * load. This file is plain JavaScript, because it also runs before `npm ci` and on a Node version that is too old.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { end, KnownFailure } = require('../scripts/lib/known');
const { checkMachine, checkNode } = require('../scripts/lib/machine');
const { ensureNginx } = require('../scripts/lib/nginx');
const { checkPackages, ensurePackages } = require('../scripts/lib/packages');
const { asksForHelp, printUsage } = require('../scripts/lib/usage');

const ROOT = path.resolve(__dirname, '..');
/** These may be the first command in a fresh clone, so they set it up as `npm start` does. */
const WITH_SETUP = ['demo', 'tour', 'soak'];

async function run() {
  const [name = '', ...args] = process.argv.slice(2);
  const file = path.join(__dirname, `${name}.ts`);
  if (asksForHelp([name])) return console.log(`node tools/run.js NAME. ${toolsHere()}`);
  if (!fs.existsSync(file)) throw new KnownFailure('E_USAGE', `There is no tool "${name}".`, toolsHere());
  if (asksForHelp(args)) return printUsage(file);
  checkNode(process.version);
  if (WITH_SETUP.includes(name)) {
    checkMachine(ROOT);
    await ensureNginx();
    await ensurePackages(ROOT);
  }
  checkPackages(ROOT, '@swc/core');
  require('./load-typescript');
  await require(file).main(args);
}

function toolsHere() {
  const files = fs.readdirSync(__dirname).filter((name) => name.endsWith('.ts'));
  return `One of: ${files.map((name) => path.basename(name, '.ts')).join(', ')}.`;
}

run().catch(end);
