/** Decides what a signed payload asks for. Pure. */
import { z } from 'zod';
import { KnownError } from '../../core/errors';

const pushSchema = z.looseObject({ ref: z.string().min(1), deleted: z.boolean().default(false) });

export type PayloadVerdict = { do: 'deploy' } | { do: 'ignore'; why: string };

/**
 * @param event the X-GitHub-Event header
 * @param body the signed body
 * @param branch the only branch whose pushes are deployed
 * Throws E_BAD_PAYLOAD if a push cannot be parsed.
 */
export function readPayload(event: string | undefined, body: string, branch: string): PayloadVerdict {
  if (event === 'ping') return { do: 'ignore', why: 'ping: the webhook is set up well' };
  if (event !== 'push') return { do: 'ignore', why: `only pushes deploy, not "${event ?? 'no event'}"` };
  const push = pushSchema.safeParse(parse(body));
  if (!push.success) throw new KnownError('E_BAD_PAYLOAD', 'The push event has no "ref".');
  const { ref, deleted } = push.data;
  if (!ref.startsWith('refs/heads/')) return { do: 'ignore', why: `${ref} is no branch` };
  if (ref !== `refs/heads/${branch}`)
    return { do: 'ignore', why: `only ${branch} deploys, not ${ref.slice(11)}` };
  if (deleted) return { do: 'ignore', why: `${branch} was deleted; what is live stays live` };
  return { do: 'deploy' };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new KnownError(
      'E_BAD_PAYLOAD',
      'The body is not JSON.',
      "Set the webhook's content type to application/json.",
    );
  }
}
