/**
 * Measures whether an app closes idle connections before nginx does. If it does, nginx may already have sent a POST on
 * one, and cannot repeat it, because it might take effect twice.
 */
import { connect } from 'node:net';

/** `keepalive_timeout` of the slots in nginx/site.conf.template. */
const NGINX_KEEPS_MS = 1000;
const MARGIN_MS = 250;
const ANSWER_WITHIN_MS = 5000;
/** If an app announces at least this many seconds, there is no need to measure. */
const LONG_ENOUGH_S = 2;

/** After how many idle milliseconds the app closes a connection; null if nginx closes it first. Never throws. */
export function closesEarly(port: number, path: string): Promise<number | null> {
  return new Promise((resolve) => {
    let text = '';
    let last = 0;
    const socket = connect({ host: '127.0.0.1', port }, () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: switchyard-probe\r\n\r\n`),
    );
    const done = (idleMs: number | null): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(idleMs);
    };
    let limit = setTimeout(() => done(null), ANSWER_WITHIN_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      last = performance.now();
      text += chunk;
      if (announces(text) >= LONG_ENOUGH_S) return done(null);
      clearTimeout(limit);
      limit = setTimeout(() => done(null), NGINX_KEEPS_MS + MARGIN_MS);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => done(staysOpen(text) ? Math.round(performance.now() - last) : null));
  });
}

function announces(response: string): number {
  return Number(/^keep-alive:.*?timeout=(\d+)/im.exec(response)?.[1] ?? 0);
}

/** False for a response that ends with its connection, which nginx does not use again either. */
function staysOpen(response: string): boolean {
  const head = response.split('\r\n\r\n')[0] ?? '';
  const hasEnd = /^(content-length|transfer-encoding):/im.test(head);
  return head.startsWith('HTTP/1.1 ') && hasEnd && !/^connection:.*close/im.test(head);
}
