/**
 * Creates and checks the signed link that lets testers into a slot without public traffic. A link is valid for one day
 * and one deployment. It sets a cookie with the token; the token itself is never in a link, a log or the journal.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Deployment } from '../../core/deployment';
import type { SlotName } from '../../core/slot';
import type { Home } from '../../home/home';
import { readSecret } from '../../home/webhook-secret';
import type { DeployContext } from '../../context';
import { tokenFor } from '../../traffic/preview-tokens';

/** nginx/site.conf.template uses both names. */
export const PREVIEW_COOKIE = 'switchyard_preview';
const PREVIEW_HEADER = 'X-Switchyard-Preview';

export const PREVIEW_PATH = '/_deploy/preview';

/** How long a link is valid. */
export const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** The ways to reach a held release. */
export interface Preview {
  /** The URL of nginx on this machine. */
  url: string;
  /** The link for a browser; valid until `expires`. */
  link: string;
  /** Milliseconds since 1970. */
  expires: number;
  /** For a program: a complete header line with the token. */
  header: string;
}

type Subject = Pick<Deployment, 'id' | 'createdAt'>;

/**
 * The preview of a held deployment or a canary; null if there is none. It contains secrets, so only the operator's
 * terminal may show it.
 * @param other the slot of the canary's other side; default: the release's own slot
 */
export function previewOf(
  { home, config }: { home: Pick<Home, 'preview' | 'secret'>; config: Pick<DeployContext['config'], 'http'> },
  deployment: Pick<Deployment, 'id' | 'createdAt' | 'to' | 'cause'>,
  other?: SlotName,
): Preview | null {
  const slot = other ?? deployment.to?.slot;
  const token = slot === undefined ? null : tokenFor(home, slot);
  // a deployment that holds because a batch failed has nothing to try
  if (!token || deployment.cause !== null) return null;
  const url = `http://localhost:${config.http.port}/`;
  const expires = Date.now() + LINK_LIFETIME_MS;
  const query = previewQuery(readSecret(home), deployment, expires, other);
  return {
    url,
    link: new URL(`${PREVIEW_PATH}?${query}`, url).href,
    expires,
    header: `${PREVIEW_HEADER}: ${token}`,
  };
}

/**
 * The link's query.
 * @param expires milliseconds since 1970
 * @param slot the slot, if not the release's own
 */
export function previewQuery(secret: string, deployment: Subject, expires: number, slot = ''): string {
  const signature = signatureOf(secret, deployment, String(expires), slot);
  const words = { id: String(deployment.id), expires: String(expires), ...(slot && { slot }), signature };
  return new URLSearchParams(words).toString();
}

/** True if the signature is valid for this deployment, expiry and slot. Compares in constant time. */
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

/**
 * Signs with a separate key, so that the signature of a webhook body can never be a link's. `createdAt` is included
 * because a new journal reuses ids.
 */
function signatureOf(secret: string, { id, createdAt }: Subject, expires: string, slot: string): string {
  const key = createHmac('sha256', secret).update('switchyard preview link').digest();
  return createHmac('sha256', key)
    .update(`${id}.${createdAt}.${expires}${slot && `.${slot}`}`)
    .digest('hex');
}
