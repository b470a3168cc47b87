// @ts-check
/**
 * One part of a soak, as a process of its own: it uses an engine of its own, and its waiting does not delay what
 * another part measures. Its outcomes go to the process that started it.
 */
'use strict';
const { attended } = require('../demo/attended');
const { end } = require('../lib/known');

require('../../tools/load-typescript');
const { soak } = require('../../test/soak/soak');

async function main() {
  const { task, ...options } = JSON.parse(process.argv[2] || '');
  let isAlone = false;
  process.once('disconnect', () => (isAlone = true));
  await attended({
    name: require('../../test/soak/tasks').nameOf(task),
    work: (isOver) =>
      soak(task, {
        ...options,
        isOver: () => isOver() || isAlone,
        say: (/** @type {string} */ line) => console.log(line),
        add: (/** @type {import('../../test/soak/kill-outcome').Outcome} */ outcome) =>
          process.send?.(outcome),
      }),
    giveUp: () => undefined,
    tidy: async () => undefined,
  });
}

main()
  .catch(end)
  // the channel to the parent would keep it alive, and so would what a fault has left open
  .finally(() => process.exit());
