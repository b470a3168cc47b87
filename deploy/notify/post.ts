/** Sends one notice, once. Its URL is a secret: nothing that comes back from here names more than the host. */
import type { Notice } from '../core/notices';
import { bodyFor } from './body';

export interface Taken {
  ok: boolean;
  /** One clause: `answered 200`, `ECONNREFUSED`. */
  said: string;
  /** True when it may go better later. */
  again: boolean;
}

/** Never throws. @param limitMs for the whole of it @param end cuts it off */
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

/** fetch takes no address with a name and a password in it; as a header they are what they would have been. */
function withoutPassword(url: string): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address, authorization: {} };
  address.username = address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** fetch's own message may hold the address. */
function inWords(error: unknown, limitMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return `no answer within ${limitMs / 1000} s`;
  return cause?.code ?? 'cannot be reached';
}

/** The one part of a URL that may be shown. */
export function hostOf(url: string): string {
  return new URL(url).host;
}
