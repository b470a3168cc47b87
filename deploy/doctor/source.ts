/** The source: it can be read, it has the branch, and the branch's tip was deployed. */
import { short } from '../core/format';
import type { Commit, Deployment } from '../core/types';
import { askSource } from '../git/ask-source';
import { sourceOf } from '../git/mirror';
import { withoutPassword } from '../git/shown';
import type { Judgement } from './finding';
import { fault, NotLookedAt, ok, warning, word } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

export async function checkSource(patient: Patient): Promise<Judgement[]> {
  const { source: configured, branch } = patient.config();
  const home = patient.home();
  if (configured === null && (await patient.pushDamage()) !== null) throw new NotLookedAt('see git push');
  const source = sourceOf(home, configured);
  const asked = await askSource(home, source, branch, ASK_MS);
  if (typeof asked === 'object') return [unreadable(source, configured, asked.why)];
  if (asked === '')
    return [
      fault(
        `The source ${withoutPassword(source)} has no branch "${branch}".`,
        `git push ${configured === null ? 'live' : word(withoutPassword(source))} HEAD:${branch}`,
      ),
    ];
  return judgeTip({ tip: asked, branch, source, deployment: patient.journal().newestOf(asked) });
}

interface Tip {
  tip: Commit;
  branch: string;
  source: string;
  /** The newest deployment of it. */
  deployment: Deployment | null;
}

export function judgeTip({ tip, branch, source, deployment }: Tip): Judgement[] {
  const shown = withoutPassword(source);
  if (deployment)
    return [ok(`${shown}, ${branch} at ${short(tip)}: deployment ${deployment.id} ${deployment.state}`)];
  const said = `${branch} in ${shown} is at ${short(tip)}, which was never deployed.`;
  return [warning(said, `git fetch ${word(shown)} ${word(branch)} && npm run -s deploy -- FETCH_HEAD`)];
}

function unreadable(source: string, configured: string | null, why: string): Judgement {
  const said = `The source ${withoutPassword(source)} cannot be read: ${why}.`;
  if (configured === null) return fault(said, 'npm start');
  return fault(
    `${said} Correct "source" in the configuration, or let this machine read it.`,
    `git ls-remote ${word(withoutPassword(source))}`,
  );
}
