// @ts-check
/** `--help` of scripts and tools: the comment at the top of their file. It needs no package and no compiler. */
'use strict';
const fs = require('fs');

/** @param {string[]} args */
function asksForHelp(args) {
  return args.includes('--help') || args.includes('-h');
}

/** @param {string} file */
function printUsage(file) {
  const [, comment = ''] = /^\/\*\*([^]*?)\*\/$/m.exec(fs.readFileSync(file, 'utf8')) || [];
  const lines = comment.split('\n').map((line) => line.replace(/^ \*( |$)/, '').replace(/\s+$/, ''));
  console.log(lines.join('\n').trim());
}

module.exports = { asksForHelp, printUsage };
