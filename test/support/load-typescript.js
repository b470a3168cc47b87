// @ts-check
/** `node --require` this: a test's second process then runs our TypeScript as jest does, compiled by swc and unchecked. */
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

require.extensions['.ts'] = load;
