// @ts-check
/**
 * Prints a phase while it runs: seconds that count up in a terminal, plain lines in a pipe. With --json, standard
 * output contains only the document.
 */
'use strict';
const signs = require('./signs');

const out = process.argv.includes('--json') ? process.stderr : process.stdout;

/**
 * @template T
 * @param {{ doing: string, done: string }} texts
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function phase(texts, work) {
  const startedAt = Date.now();
  const stop =
    out.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
      ? tick(texts.doing, startedAt)
      : announce(texts.doing);
  try {
    const result = await work();
    stop();
    say(`${signs.done} ${texts.done} (${duration(Date.now() - startedAt)})`);
    return result;
  } catch (error) {
    stop();
    throw error;
  }
}

/** @param {string} doing */
function announce(doing) {
  say(`${doing} ${signs.dots}`);
  return () => {};
}

/** @param {string} line */
function say(line) {
  out.write(`${line}\n`);
}

/** @param {string} doing @param {number} startedAt milliseconds since 1970 */
function tick(doing, startedAt) {
  const draw = () => {
    const line = `${doing} ${signs.dots} ${Math.floor((Date.now() - startedAt) / 1000)} s`;
    // a wrapped line could not be overwritten
    out.write(`\r\x1b[2K${line.slice(0, (out.columns || 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    out.write('\r\x1b[2K');
  };
}

/** Formats a duration as deploy/core/format.ts does. @param {number} ms */
function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

module.exports = { phase, say, duration };
