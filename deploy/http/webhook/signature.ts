/**
 * GitHub's signature: an HMAC over the raw bytes. The usual library signs strings, and bytes that are not
 * UTF-8 do not survive becoming one; so these few lines are ours.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The X-Hub-Signature-256 header for a body. */
export function signatureOf(secret: string, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Compares in constant time. */
export function isSigned(secret: string, body: Buffer, header: string | undefined): boolean {
  const expected = Buffer.from(signatureOf(secret, body));
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
