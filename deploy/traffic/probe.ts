/** Sends one request to a health path and reports the response. */
import { connect } from 'node:net';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { printable } from '../core/format';
import type { ProbeAnswer } from '../core/interfaces';

export interface ProbeTarget {
  /** A port on 127.0.0.1, or a unix socket. */
  port?: number;
  socketPath?: string;
  path: string;
  /** The time limit for the whole response, in milliseconds. */
  timeoutMs: number;
  /** Cancels the probe. */
  signal?: AbortSignal | undefined;
  /** The Host header. Default: `127.0.0.1`. */
  host?: string;
  /** The cohort whose cookie the probe sends (deploy/core/cohort.ts). */
  cohort?: string | null;
}

/** nginx logs requests with this user agent apart from users' requests (see nginx/site.conf.template). */
const USER_AGENT = 'switchyard-probe';
/** A health response is small; the beginning of any larger one is enough. */
const MOST_BYTES = 64 * 1024;
const MOST_SAID = 120;
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed without an answer',
  ENOENT: 'no such socket',
};

/** Sends one request on its own connection. Never throws: without a response, `status` is null. */
export function probe(target: ProbeTarget): Promise<ProbeAnswer> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  return new Promise<ProbeAnswer>((resolve) => {
    const nobody = (said: string): void =>
      resolve({ status: null, commit: null, instance: null, ms: elapsed(), said });
    const asking = ask(target);
    // not the socket's idle timeout, which a response that drips forever would never trigger
    const limit = setTimeout(() => {
      nobody(`no answer in ${target.timeoutMs} ms`);
      asking.destroy();
    }, target.timeoutMs);
    asking.on('response', (response) => {
      collect(response, (body) => resolve(answer(response.statusCode ?? 0, body, elapsed())));
    });
    asking.on('error', (error: NodeJS.ErrnoException) => nobody(inWords(error)));
    asking.on('close', () => clearTimeout(limit));
    asking.end();
  }).catch((error: NodeJS.ErrnoException) => {
    // a path that is invalid in an HTTP request
    return { status: null, commit: null, instance: null, ms: elapsed(), said: inWords(error) };
  });
}

/** Invalid HTTP: a server rejects it at once, whatever its health path does, so only a stuck process stays silent. */
const NO_HTTP = 'switchyard-probe\r\n\r\n';

/** True if a process accepts a connection on this port and answers or closes it within `timeoutMs`. Never throws. */
export function answersAtAll(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let isTaken = false;
    const asking = connect({ host: '127.0.0.1', port }, () => {
      isTaken = true;
      asking.write(NO_HTTP);
    });
    const done = (answers: boolean): void => {
      clearTimeout(limit);
      resolve(answers);
      asking.destroy();
    };
    const limit = setTimeout(() => done(false), timeoutMs);
    asking.on('data', () => done(true));
    asking.on('error', () => undefined).on('close', () => done(isTaken));
  });
}

function ask(target: ProbeTarget): ClientRequest {
  return request({
    ...(target.socketPath ? { socketPath: target.socketPath } : { host: '127.0.0.1', port: target.port }),
    path: target.path,
    agent: false,
    ...(target.signal ? { signal: target.signal } : {}),
    headers: {
      host: target.host ?? '127.0.0.1',
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...(target.cohort ? { cookie: `switchyard_cohort=${target.cohort}` } : {}),
    },
  });
}

/** Passes on the body, up to MOST_BYTES, and releases the connection. */
function collect(response: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (): void => done(Buffer.concat(chunks).toString('utf8', 0, MOST_BYTES));
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < MOST_BYTES) return;
    finish();
    response.destroy();
  });
  response.on('end', finish);
  response.on('error', finish);
}

function answer(status: number, body: string, ms: number): ProbeAnswer {
  const { commit, instance } = parse(body);
  const text = printable(body).replace(/\s+/g, ' ');
  const short = text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text;
  return { status, commit, instance, ms, said: short ? `${status} ${short}` : String(status) };
}

function parse(body: string): { commit: string | null; instance: string | null } {
  try {
    const { commit, instance } = JSON.parse(body) as { commit?: unknown; instance?: unknown };
    return {
      commit: typeof commit === 'string' ? printable(commit) : null,
      instance: typeof instance === 'string' ? printable(instance) : null,
    };
  } catch {
    return { commit: null, instance: null };
  }
}

function inWords(error: NodeJS.ErrnoException): string {
  return (error.code && WORDS[error.code]) || (error.message.split('\n')[0] ?? 'failed');
}
