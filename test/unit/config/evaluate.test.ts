import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadInThisProcess } from '../../../deploy/config/evaluate';
import { tempHome } from '../../support/temp-home';

const SHIPPED = path.resolve(__dirname, '../../../deploy.config.js');

function load(text: string): unknown {
  const file = path.join(tempHome(), 'deploy.config.js');
  writeFileSync(file, text);
  return loadInThisProcess(file, text);
}

test('the shipped configuration is loaded without another process, whose start would cost 70 ms', () => {
  expect(loadInThisProcess(SHIPPED, readFileSync(SHIPPED, 'utf8'))).toMatchObject({ isEmpty: false });
});

test('a type in a comment does not count as an import', () => {
  expect(load("/** @type {import('./types').Config} */\nmodule.exports = { name: 'shop' };")).toMatchObject({
    value: { name: 'shop' },
  });
});

test.each([
  "const { execSync } = require('node:child_process'); module.exports = {};",
  "module.exports = {}; import('node:child_process');",
  "/** @type {import('./types').Config} */ module.exports = require('./other');",
  'module.exports = {}; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);',
])('a file that may block is left to another process: %s', (text) => {
  expect(load(text)).toBeNull();
});
