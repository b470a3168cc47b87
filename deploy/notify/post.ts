/** Makes one attempt to send a notice. The URL is a secret: results name at most its host. */
import type { Notice } from '../core/notices';
import { bodyFor } from './body';

export interface Taken {
  ok: boolean;
  /** The outcome as one clause: `answered 200`, `ECONNREFUSED`. */
  said: string;
  /** True if a retry may succeed. */
  again: boolean;
}

/**
 * Posts a notice. Never throws.
 * @param limitMs the time limit for the whole request
 * @param end cancels the request
 */
export async function postNotice(
  url: string,
  notice: Notice,
  limitMs: number,
  end?: AbortSignal,
): Promise<Taken> {
  try {
    const { address, authorization } = withoutPassword(url);
    const { ok, status, body } = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'switchyard', ...authorization },
      body: bodyFor(url, notice),
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(limitMs), ...(end ? [end] : [])]),
    });
    await body?.cancel();
    return { ok, said: `answered ${status}`, again: status >= 500 || status === 429 || status === 408 };
  } catch (error) {
    return { ok: false, said: inWords(error, limitMs), again: true };
  }
}

/** fetch rejects a URL with credentials; an Authorization header is equivalent. */
function withoutPassword(url: string): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address, authorization: {} };
  address.username = address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Describes the failure without fetch's own message, which may contain the URL. */
function inWords(error: unknown, limitMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  return cause?.code ?? 'cannot be reached';
}

/** The only part of a URL that may be shown. */
export function hostOf(url: string): string {
  return new URL(url).host;
}
