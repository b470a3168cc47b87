/** The last check before `npm start` prints "is live": requests /version through nginx, as a user would. */
import { KnownError } from '../core/errors';
import type { Serving } from '../core/slot';
import { probe } from '../traffic/probe';

/** Passes when /version names no commit: a user's own app need not serve it. Throws E_NOT_SERVED for another commit. */
export async function checkVersion(httpPort: number, serving: Serving): Promise<void> {
  const answer = await probe({ port: httpPort, path: '/version', timeoutMs: 5000 });
  if (answer.status !== 200 || answer.commit === null || answer.commit === serving.commit) return;
  throw new KnownError(
    'E_NOT_SERVED',
    `/version through nginx answered ${answer.message}, not ${serving.commit}.`,
  );
}
