/**
 * Computes and checks GitHub's signature, an HMAC over the raw bytes. Our own code, because the usual library signs
 * strings, which cannot represent bytes that are not UTF-8.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

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
