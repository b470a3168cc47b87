/** Finds complete HTTP responses in the data of a socket. Supports only responses with a length. Pure. */

const HEAD_END = Buffer.from('\r\n\r\n');

export interface Response {
  status: number;
  /** The server closes the connection after it. */
  closes: boolean;
  /** Its length in bytes. */
  bytes: number;
}

/** The first complete response; null if more data is needed. Throws on anything else. */
export function firstResponse(bytes: Buffer): Response | null {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  if (!status) throw new Error('no HTTP answer');
  const length = status === 204 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
  if (Number.isNaN(length)) throw new Error('an answer without a length');
  const end = headEnd + HEAD_END.length + length;
  if (bytes.length < end) return null;
  return { status, closes: /\r\nconnection: *close/i.test(head), bytes: end };
}
