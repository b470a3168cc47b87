// @ts-check
/** Loads TypeScript as jest does, compiled by swc and without type checks: `require` this or pass it to `node --require`. */
'use strict';
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

/** @param {NodeModule & { _compile?: (code: string, filename: string) => void }} module @param {string} filename */
function load(module, filename) {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile?.(code, filename);
}

process.setSourceMapsEnabled(true);
require.extensions['.ts'] = load;
