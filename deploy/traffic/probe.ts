/** Sends one request to a health path and reports the response. */
import { connect } from 'node:net';
import { printable } from '../core/format';
import type { ProbeAnswer } from '../core/interfaces';
import type { HttpRequest } from '../os/http';
import { sendHttp } from '../os/http';

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
export const PROBE_AGENT = 'switchyard-probe';
/** A health response is small; of a larger one, the beginning is enough. */
const MOST_BYTES = 64 * 1024;
const MOST_SAID = 120;
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed without an answer',
  ENOENT: 'no such socket',
};

/** Sends one request on its own connection. Never throws: without a response, `status` is null. */
export async function probe(target: ProbeTarget): Promise<ProbeAnswer> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  try {
    const { status, body, earlyHints } = await sendHttp(requestTo(target), MOST_BYTES);
    return { ...answer(status, body.toString('utf8'), elapsed()), ...(earlyHints && { earlyHints }) };
  } catch (error) {
    // also reached for a path that is invalid in an HTTP request
    return { status: null, commit: null, instance: null, ms: elapsed(), message: inWords(error as Error) };
  }
}

/**
 * Invalid HTTP: a server rejects it immediately, whatever its health path does, so only a stuck process stays silent.
 */
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

function requestTo({
  port = 0,
  socketPath,
  path,
  timeoutMs,
  signal,
  host,
  cohort,
}: ProbeTarget): HttpRequest {
  return {
    to: socketPath === undefined ? { port } : { socketPath },
    path,
    timeoutMs,
    signal,
    headers: {
      host: host ?? '127.0.0.1',
      accept: 'application/json',
      'user-agent': PROBE_AGENT,
      ...(cohort ? { cookie: `switchyard_cohort=${cohort}` } : {}),
    },
  };
}

function answer(status: number, body: string, ms: number): ProbeAnswer {
  const { commit, instance } = parse(body);
  const text = printable(body).replace(/\s+/g, ' ');
  const short = text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text;
  return { status, commit, instance, ms, message: short ? `${status} ${short}` : String(status) };
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
