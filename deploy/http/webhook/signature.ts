/**
 * Checks a webhook's proof of the secret: GitHub's signature, an HMAC over the raw bytes, or GitLab's token. Our own
 * code, because the usual library signs strings, which cannot represent bytes that are not UTF-8.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The X-Hub-Signature-256 header for a body. */
export function signatureOf(secret: string, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Whether the header is the body's signature. Compares in constant time. */
export function isSigned(secret: string, body: Buffer, header: string | undefined): boolean {
  const expected = Buffer.from(signatureOf(secret, body));
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Whether a header is the secret itself. Compares hashes in constant time, since the lengths may differ. */
export function isSame(secret: string, header: string): boolean {
  const hash = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  // Node decodes each byte of a header as one character
  return timingSafeEqual(hash(Buffer.from(secret)), hash(Buffer.from(header, 'latin1')));
}
