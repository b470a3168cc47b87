// @ts-check
/** Types commands into the copy's shell. One that fails is the end of the tour. */
'use strict';
const { Shell } = require('../demo/shell');
const { KnownFailure } = require('../lib/known');

const LINES_SHOWN = 12;

/**
 * @typedef {object} Commands
 * @property {string} dir
 * @property {(line: string, heard?: (line: string) => void) => Promise<void>} run
 * @property {() => void} end ends what runs; nothing is begun any more
 */

/** @param {import('../demo/copy').Copy} copy @returns {Commands} */
function commandsIn(copy) {
  /** @type {InstanceType<typeof Shell> | undefined} */
  let shell;
  let isOver = false;
  return {
    dir: copy.dir,
    async run(line, heard = () => {}) {
      shell = new Shell(copy, heard);
      const code = isOver ? null : await shell.run(line);
      if (code === 0) return;
      const said = shell.lines.slice(-LINES_SHOWN);
      throw new KnownFailure('E_INTERNAL', `The tour ended at "${line}".`, 'That is what it said.', said);
    },
    end() {
      isOver = true;
      shell?.end();
    },
  };
}

module.exports = { commandsIn };
