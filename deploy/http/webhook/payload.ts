/** Decides what a signed payload asks for. Pure. */
import { z } from 'zod';
import { withoutPassword } from '../../core/redact-url';
import type { Commit } from '../../core/release';
import type { BodyFormat } from './headers';
import { Refusal } from './refusal';

export interface WebhookTarget {
  /** The only branch whose pushes are deployed. */
  branch: string;
  /** Where commits come from; null for push.git. */
  source: string | null;
}

/** `tip` is the new tip that the push names; the source may not show it yet. */
export type PayloadVerdict = { do: 'deploy'; tip: Commit | null } | { do: 'ignore'; why: string };

const LONGEST_REF = 1000;
const pushSchema = z.object({
  ref: z.string().min(1).max(LONGEST_REF),
  after: z.unknown().optional(),
  deleted: z.boolean().default(false),
});
const pingSchema = z.object({
  hook: z.object({ events: z.array(z.string()) }).optional(),
  repository: z.object({ full_name: z.string() }).optional(),
});

/**
 * @param event by GitHub's names
 * @param body the signed body
 * Throws a Refusal for a payload that cannot be read, and for a ping of a webhook that would never deploy.
 */
export function readPayload(
  event: string | undefined,
  form: BodyFormat,
  body: string,
  wanted: WebhookTarget,
): PayloadVerdict {
  if (event === 'ping') return readPing(parse(form, body), wanted);
  if (event !== 'push') return { do: 'ignore', why: `only pushes deploy, not "${cut(event ?? 'no event')}"` };
  const push = pushSchema.safeParse(parse(form, body));
  if (!push.success) throw new Refusal(400, 'E_BAD_PAYLOAD', 'The push event has no valid "ref".');
  const { ref, after, deleted } = push.data;
  const { branch } = wanted;
  if (!ref.startsWith('refs/heads/')) return { do: 'ignore', why: `${cut(ref)} is not a branch` };
  if (ref !== `refs/heads/${branch}`)
    return { do: 'ignore', why: `only ${branch} deploys, not ${cut(ref.slice(11))}` };
  if (deleted || isZero(after))
    return { do: 'ignore', why: `${branch} was deleted; what is live stays live` };
  return { do: 'deploy', tip: isCommit(after) ? after : null };
}

/**
 * A ping shows what the webhook will send, so a wrong setting is reported in the source's own settings, where it was
 * made.
 */
function readPing(body: unknown, { source }: WebhookTarget): PayloadVerdict {
  const { hook, repository } = pingSchema.safeParse(body).data ?? {};
  if (hook && !hook.events.some((each) => each === 'push' || each === '*'))
    throw new Refusal(422, 'E_WEBHOOK', 'This webhook does not send pushes.');
  if (repository && !isFrom(source, repository.full_name)) {
    const from = source === null ? "the home's push.git" : withoutPassword(source);
    const message = `This webhook belongs to another repository: commits come from ${from}.`;
    throw new Refusal(
      422,
      'E_WEBHOOK',
      message,
      'Set SOURCE to the repository that sends it, then: npm start',
    );
  }
  return { do: 'ignore', why: 'ping: the webhook is set up correctly' };
}

/** Whether the source is the repository of that name. A path on this machine may be a mirror of any repository. */
function isFrom(source: string | null, name: string): boolean {
  if (source === null) return false;
  const isPath = !/^[a-z+]+:\/\//i.test(source) && !/^[^/]+:/.test(source);
  if (isPath || /^file:/i.test(source)) return true;
  const path = source.replace(/\/+$/, '').replace(/\.git$/i, '');
  return path.replace(/:/g, '/').toLowerCase().endsWith(`/${name.toLowerCase()}`);
}

function parse(form: BodyFormat, body: string): unknown {
  const payloads = form === 'urlencoded' ? new URLSearchParams(body).getAll('payload') : [body];
  const [payload] = payloads;
  if (payload === undefined || payloads.length !== 1)
    throw new Refusal(400, 'E_BAD_PAYLOAD', 'The form does not have exactly one field "payload".');
  try {
    return JSON.parse(payload);
  } catch {
    throw new Refusal(400, 'E_BAD_PAYLOAD', 'The payload is not JSON.');
  }
}

function isCommit(value: unknown): value is Commit {
  return typeof value === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

function isZero(value: unknown): boolean {
  return isCommit(value) && /^0+$/.test(value);
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
