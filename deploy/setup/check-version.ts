/** The last look before "is live" is said: what a person would get from `curl :8000/version`. */
import { KnownError } from '../core/errors';
import type { Serving } from '../core/slot';
import { probe } from '../traffic/probe';

/** An app of one's own need not answer /version. Throws E_NOT_SERVED when it names another commit. */
export async function checkVersion(httpPort: number, serving: Serving): Promise<void> {
  const answer = await probe({ port: httpPort, path: '/version', timeoutMs: 5000 });
  if (answer.status !== 200 || answer.commit === null || answer.commit === serving.commit) return;
  throw new KnownError(
    'E_NOT_SERVED',
    `/version through nginx answered ${answer.said}, not ${serving.commit}.`,
  );
}
