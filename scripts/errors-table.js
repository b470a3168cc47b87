#!/usr/bin/env node
// @ts-check
/** Writes the table in docs/errors.md from the kit's own; a test holds one against the other. */
'use strict';
const fs = require('fs');
const path = require('path');
const { ensureBuilt } = require('./lib/build');

const ROOT = path.resolve(__dirname, '..');
const PAGE = path.join(ROOT, 'docs', 'errors.md');
const WHOSE = { commit: 'the commit', machine: 'the machine', operator: 'the call' };

async function write() {
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const { ERRORS } = require(path.join(ROOT, 'dist', 'deploy', 'core', 'errors.js'));
  /** @type {[string, { fault: keyof typeof WHOSE, hint: string }][]} */
  const errors = Object.entries(ERRORS);
  const rows = errors.map(([code, { fault, hint }]) => `| \`${code}\` | ${WHOSE[fault]} | ${hint} |`);
  const table = ['| code | fault of | what to do |', '|---|---|---|', ...rows].join('\n');
  const page = fs.readFileSync(PAGE, 'utf8');
  const [before = '', after = ''] = page.split(/(?<=<!-- errors:begin -->\n)[^]*(?=\n<!-- errors:end -->)/);
  fs.writeFileSync(PAGE, before + table + after);
}

void write();
