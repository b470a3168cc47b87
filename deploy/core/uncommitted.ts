/** The warning about work that a deployment leaves out. Pure. */
import { plural } from './format';

/** The files that a deployment of HEAD would leave out, without ignored ones. */
export interface Uncommitted {
  changed: number;
  /** Not in git yet. */
  untracked: number;
}

/** `! 1 changed file and 2 untracked files are not in this version (git commit first)`; null when there are none. */
export function uncommittedLine({ changed, untracked }: Uncommitted): string | null {
  const parts = [
    ...(changed > 0 ? [plural(changed, 'changed file')] : []),
    ...(untracked > 0 ? [plural(untracked, 'untracked file')] : []),
  ];
  if (parts.length === 0) return null;
  const verb = changed + untracked === 1 ? 'is' : 'are';
  return `! ${parts.join(' and ')} ${verb} not in this version (git commit first)`;
}
