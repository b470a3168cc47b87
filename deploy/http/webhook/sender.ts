/**
 * Reads a webhook's headers: the event, and the proof that its sender knows the secret. GitHub, Gitea and Forgejo sign
 * the body; GitLab sends the secret itself.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isSame, isSigned } from './signature';

export interface Sender {
  /** As GitHub names it: `push`, `ping`. */
  event: string | undefined;
  /** The id of the event. */
  delivery: string | undefined;
  /** The proof that it knows the secret. */
  by: 'signature' | 'token';
  /** Null without a proof of the right form. */
  proof: string | null;
  /** True if it signs the payload before encoding it as a form, so that its forms cannot be verified. */
  signsBeforeEncoding: boolean;
}

const GITLAB_PUSH = 'Push Hook';
const EVENTS = ['x-github-event', 'x-gitea-event', 'x-gitlab-event'];

export function senderOf(headers: IncomingHttpHeaders): Sender {
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return value === undefined ? undefined : String(value);
  };
  const plain = text('x-gitea-signature');
  const signature = text('x-hub-signature-256') ?? (plain === undefined ? undefined : `sha256=${plain}`);
  const token = text('x-gitlab-token');
  if (signature === undefined && (token !== undefined || headers['x-gitlab-event'] !== undefined)) {
    const event = text('x-gitlab-event');
    return {
      event: event === GITLAB_PUSH ? 'push' : event,
      delivery: text('idempotency-key') ?? text('x-gitlab-event-uuid'),
      by: 'token',
      proof: token ?? null,
      signsBeforeEncoding: false,
    };
  }
  // repeated headers arrive joined by commas and are not a signature
  const isSignature = /^sha256=[0-9a-f]{64}$/.test(signature ?? '');
  return {
    event: text('x-github-event') ?? text('x-gitea-event'),
    delivery: text('x-github-delivery') ?? text('x-gitea-delivery'),
    by: 'signature',
    proof: isSignature ? (signature as string) : null,
    signsBeforeEncoding: headers['x-gitea-event'] !== undefined,
  };
}

/** False for a scanner's request. */
export function namesAnEvent(headers: IncomingHttpHeaders): boolean {
  return EVENTS.some((name) => headers[name] !== undefined);
}

/** Whether a token is the secret, or a signature the body's. Constant time. @param body read only for a signature */
export function isProven({ by, proof }: Sender, secrets: string[], body: Buffer | null): boolean {
  if (proof === null) return false;
  if (by === 'token') return secrets.some((secret) => isSame(secret, proof));
  return body !== null && secrets.some((secret) => isSigned(secret, body, proof));
}
