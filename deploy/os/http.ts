/** The HTTP client: one request on a connection of its own, to a port of this machine, a unix socket, or a URL. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface HttpRequest {
  /** A URL may contain credentials, which are sent as an Authorization header. */
  to: { port: number } | { socketPath: string } | { url: URL };
  method?: string;
  /** Default: `/`, or the URL's own path. */
  path?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** False if the connection broke within the body, or the body was longer than its limit. */
  complete: boolean;
  /** True if 103 Early Hints came before the response. */
  earlyHints?: boolean;
}

export class HttpTimeout extends Error {}

const MOST_BYTES = 1024 * 1024;

/**
 * Sends the request and reads the response. `timeoutMs` limits the whole exchange, because a response that trickles in
 * forever is never idle. Without a response it rejects with HttpTimeout or Node's error.
 * @param mostBytes reads at most this much of the body; 0 does not wait for the body at all
 */
export function sendHttp(request: HttpRequest, mostBytes = MOST_BYTES): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const asking = begin(request);
    const limit = setTimeout(() => {
      reject(new HttpTimeout(`no answer in ${request.timeoutMs} ms`));
      asking.destroy();
    }, request.timeoutMs);
    let earlyHints = false;
    asking.on('information', ({ statusCode }) => (earlyHints ||= statusCode === 103));
    asking.on('response', (response) =>
      collect(response, mostBytes, (all) => resolve(earlyHints ? { ...all, earlyHints } : all)),
    );
    asking.on('error', reject);
    asking.on('close', () => clearTimeout(limit));
    asking.end(request.body);
  });
}

/** Sends the request and returns the response as a stream. Here `timeoutMs` limits silence, not the whole exchange. */
export function openHttp(request: HttpRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = begin(request);
    asking.setTimeout(request.timeoutMs, () => asking.destroy(new HttpTimeout('it is silent')));
    asking.on('response', resolve);
    asking.on('error', reject);
    asking.end(request.body);
  });
}

function begin({ to, method = 'GET', path, headers, signal }: HttpRequest): ClientRequest {
  const options = {
    method,
    agent: false,
    ...(path && { path }),
    ...(headers && { headers }),
    ...(signal && { signal }),
  };
  if (!('url' in to)) return requestHttp({ host: '127.0.0.1', ...to, ...options });
  return (to.url.protocol === 'https:' ? requestHttps : requestHttp)(to.url, options);
}

function collect(response: IncomingMessage, mostBytes: number, done: (response: HttpResponse) => void): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (): void => {
    const body = Buffer.concat(chunks).subarray(0, mostBytes);
    done({ status, headers, body, complete: response.complete && size <= mostBytes });
  };
  const stop = (): void => {
    finish();
    response.destroy();
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) stop();
  });
  response.on('end', finish);
  response.on('error', finish);
  if (mostBytes === 0) stop();
}
