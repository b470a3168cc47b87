/** Checks that the source is readable and has the branch, and that the branch's tip was deployed. */
import { short } from '../core/format';
import type { Deployment } from '../core/deployment';
import type { Commit } from '../core/release';
import { askSource } from '../git/ask-source';
import { sourceOf } from '../git/mirror';
import { withoutCredentials, withoutPassword } from '../core/redact-url';
import type { Judgement } from './finding';
import { fault, NotChecked, ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

export async function checkSource(context: DoctorContext): Promise<Judgement[]> {
  const { source: configured, branch } = context.config();
  const home = context.home();
  if (configured === null && (await context.pushDamage()) !== null) throw new NotChecked('see git push');
  const source = sourceOf(home, configured);
  const asked = await askSource(home, source, branch, ASK_MS);
  if (typeof asked === 'object') return [unreadable(source, configured, asked.why)];
  if (asked === '')
    return [
      fault(
        `The source ${withoutPassword(source)} has no branch "${branch}".`,
        `git push ${configured === null ? 'live' : shellWord(withoutCredentials(source))} HEAD:${branch}`,
      ),
    ];
  return judgeTip({ tip: asked, branch, source, deployment: context.journal().newestOf(asked) });
}

interface Tip {
  tip: Commit;
  branch: string;
  source: string;
  /** The newest deployment of the tip; null if it was never deployed. */
  deployment: Deployment | null;
}

export function judgeTip({ tip, branch, source, deployment }: Tip): Judgement[] {
  const shown = withoutPassword(source);
  if (deployment)
    return [ok(`${shown}, ${branch} at ${short(tip)}: deployment ${deployment.id} ${deployment.state}`)];
  const message = `${branch} in ${shown} is at ${short(tip)}, which was never deployed.`;
  return [
    warning(
      message,
      `git fetch ${shellWord(withoutCredentials(source))} ${shellWord(branch)} && ./switchyard deploy FETCH_HEAD`,
    ),
  ];
}

function unreadable(source: string, configured: string | null, why: string): Judgement {
  const message = `The source ${withoutPassword(source)} cannot be read: ${why}.`;
  if (configured === null) return fault(message, 'npm start');
  return fault(
    `${message} Correct "source" in the configuration, or let this machine read it.`,
    `git ls-remote ${shellWord(withoutCredentials(source))}`,
  );
}
