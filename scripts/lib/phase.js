// @ts-check
/** Says what happens while it happens: ticking seconds in a terminal, plain lines in a pipe. */
'use strict';

/**
 * @template T
 * @param {{ doing: string, done: string }} texts
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function phase(texts, work) {
  const begun = Date.now();
  const stop =
    process.stdout.isTTY && process.env.TERM !== 'dumb' ? tick(texts.doing, begun) : announce(texts.doing);
  try {
    const result = await work();
    stop();
    console.log(`✓ ${texts.done} (${duration(Date.now() - begun)})`);
    return result;
  } catch (error) {
    stop();
    throw error;
  }
}

/** @param {string} doing */
function announce(doing) {
  console.log(`${doing} …`);
  return () => {};
}

/** @param {string} doing @param {number} begun milliseconds since 1970 */
function tick(doing, begun) {
  const draw = () => {
    const line = `${doing} … ${Math.floor((Date.now() - begun) / 1000)} s`;
    // a line that wraps could not be drawn over
    process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write('\r\x1b[2K');
  };
}

/** As deploy/core/format.ts writes it. @param {number} ms */
function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

module.exports = { phase, duration };
