// @ts-check
/** Finds whole HTTP answers in what a socket gives. As much of HTTP as a load needs: answers with a length. */
'use strict';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {boolean} closes the server will close the connection after it
 * @property {number} bytes where it ends
 */

/**
 * The first whole answer, or null when more must come. Throws on what is no such answer.
 * @param {Buffer} bytes @returns {Answer | null}
 */
function firstAnswer(bytes) {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  if (!status) throw new Error('no HTTP answer');
  const length = status === 204 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? NaN);
  if (Number.isNaN(length)) throw new Error('an answer without a length');
  const end = headEnd + HEAD_END.length + length;
  if (bytes.length < end) return null;
  return { status, closes: /\r\nconnection: *close/i.test(head), bytes: end };
}

module.exports = { firstAnswer };
