/**
 * The link that lets testers into a slot that users do not get: it is signed, good for a day, and for one deployment
 * only. What it gives is a cookie with the token; the token itself never stands in a link, a log or the journal.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Deployment } from '../../core/deployment';
import type { SlotName } from '../../core/slot';
import type { Home } from '../../home/home';
import { readSecret } from '../../home/webhook-secret';
import type { DeployContext } from '../../context';
import { tokenFor } from '../../traffic/preview-tokens';

/** nginx/site.conf.template knows both names. */
export const PREVIEW_COOKIE = 'switchyard_preview';
const PREVIEW_HEADER = 'X-Switchyard-Preview';

export const PREVIEW_PATH = '/_deploy/preview';

/** How long a link is good. */
export const GOOD_FOR_MS = 24 * 60 * 60 * 1000;

/** How a person can try a release that is held. */
export interface Preview {
  /** Where nginx serves on this machine. */
  url: string;
  /** For a browser; good until `expires`. */
  link: string;
  /** Milliseconds since 1970. */
  expires: number;
  /** For a program: a whole header line, with the token. */
  header: string;
}

type Subject = Pick<Deployment, 'id' | 'createdAt'>;

/**
 * For a deployment that is held, or a canary; null where nobody can try it. It holds secrets: for its owner's terminal
 * only. @param other the slot of the other side of a canary; default: the release's own
 */
export function previewOf(
  { home, config }: { home: Pick<Home, 'preview' | 'secret'>; config: Pick<DeployContext['config'], 'http'> },
  deployment: Pick<Deployment, 'id' | 'createdAt' | 'to' | 'cause'>,
  other?: SlotName,
): Preview | null {
  const slot = other ?? deployment.to?.slot;
  const token = slot === undefined ? null : tokenFor(home, slot);
  // of what waits because a part of it failed there is nothing to try
  if (!token || deployment.cause !== null) return null;
  const url = `http://localhost:${config.http.port}/`;
  const expires = Date.now() + GOOD_FOR_MS;
  const query = previewQuery(readSecret(home), deployment, expires, other);
  return {
    url,
    link: new URL(`${PREVIEW_PATH}?${query}`, url).href,
    expires,
    header: `${PREVIEW_HEADER}: ${token}`,
  };
}

/** The link's query. @param expires milliseconds since 1970 @param slot another one than the release's own */
export function previewQuery(secret: string, deployment: Subject, expires: number, slot = ''): string {
  const signature = signatureOf(secret, deployment, String(expires), slot);
  const words = { id: String(deployment.id), expires: String(expires), ...(slot && { slot }), signature };
  return new URLSearchParams(words).toString();
}

/** True when the signature is ours, for this deployment, expiry and slot as they were sent. Compares in constant time. */
export function isPreviewSigned(
  secret: string,
  deployment: Subject,
  expires: string,
  signature: string,
  slot = '',
): boolean {
  const expected = Buffer.from(signatureOf(secret, deployment, expires, slot));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** With a key of its own: no webhook's body is ever a link. A journal that begins anew has the same ids, at other times. */
function signatureOf(secret: string, { id, createdAt }: Subject, expires: string, slot: string): string {
  const key = createHmac('sha256', secret).update('switchyard preview link').digest();
  return createHmac('sha256', key)
    .update(`${id}.${createdAt}.${expires}${slot && `.${slot}`}`)
    .digest('hex');
}
