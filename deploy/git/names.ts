/** Validates names from outside before git sees them. */
import { KnownError } from '../core/errors';
import { gitIn } from './git';

/**
 * Git's own rules decide whether this is a valid branch name: not an option, not a disguised revision. Throws E_REF.
 */
export async function checkBranchName(name: string): Promise<void> {
  try {
    // git expands "@{-1}", so the output must equal the input
    const expanded = await gitIn('/').raw(['check-ref-format', '--branch', name]);
    if (expanded.trim() === name) return;
  } catch {
    // reported below
  }
  throw new KnownError('E_REF', `"${name}" is not a valid branch name.`);
}

/** Accepts only a full commit id. Throws E_REF. */
export function checkCommitId(commit: string): void {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new KnownError('E_REF', `"${commit}" is not a full commit id.`);
}
