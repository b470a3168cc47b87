/** Makes one attempt to send a notice. The URL is a secret: results name at most its host. */
import type { Notice } from '../core/notices';
import type { HttpRequest } from '../os/http';
import { HttpTimeout, sendHttp } from '../os/http';
import { bodyFor } from './body';

export interface Delivery {
  ok: boolean;
  /** The outcome as one clause: `answered 200`, `ECONNREFUSED`. */
  message: string;
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
): Promise<Delivery> {
  try {
    const request: HttpRequest = {
      to: { url: new URL(url) },
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'switchyard' },
      body: bodyFor(url, notice),
      timeoutMs: limitMs,
      signal: end,
    };
    const { status } = await sendHttp(request, 0);
    const ok = status >= 200 && status < 300;
    return { ok, message: `answered ${status}`, again: status >= 500 || status === 429 || status === 408 };
  } catch (error) {
    return { ok: false, message: inWords(error, limitMs), again: true };
  }
}

/** Describes the failure by its code, because a message may contain the URL. */
function inWords(error: unknown, limitMs: number): string {
  if (error instanceof HttpTimeout) return `no answer within ${limitMs / 1000} s`;
  return (error as NodeJS.ErrnoException).code ?? 'cannot be reached';
}

/** The only part of a URL that may be shown. */
export function hostOf(url: string): string {
  return new URL(url).host;
}
