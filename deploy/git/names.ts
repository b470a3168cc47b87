/** Names that come from outside, checked before git sees them. */
import { KnownError } from '../core/errors';
import { gitIn } from './git';

/** Git's own rules decide whether this may be a branch: no option, no revision in disguise. Throws E_REF. */
export async function checkBranchName(name: string): Promise<void> {
  try {
    // "@{-1}" is expanded, so what comes back must be what went in
    const expanded = await gitIn('/').raw(['check-ref-format', '--branch', name]);
    if (expanded.trim() === name) return;
  } catch {
    // told below
  }
  throw new KnownError('E_REF', `"${name}" cannot be a branch's name.`);
}

/** A full commit id, and nothing else. Throws E_REF. */
export function checkCommitId(commit: string): void {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new KnownError('E_REF', `"${commit}" is not a full commit id.`);
}
