#!/usr/bin/env node
// @ts-check
/** `npm run graph`: draws the rooms of deploy/ and their imports as an SVG in a temporary folder, and prints its path. */
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { instance } = require('@viz-js/viz');
const { end } = require('./lib/known');

const ROOT = path.resolve(__dirname, '..');
const CRUISER = path.join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

async function graph() {
  const dot = execFileSync(
    process.execPath,
    [CRUISER, 'deploy', '--include-only', '^deploy/', '--output-type', 'dot'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  const viz = await instance();
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-graph-')), 'rooms.svg');
  fs.writeFileSync(file, viz.renderString(dot, { format: 'svg' }));
  console.log(file);
}

graph().catch(end);
