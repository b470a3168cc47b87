/** Reads refs from the files of a repository that git itself cannot read. */
import type { Commit } from './release';

const COMMIT = /^[0-9a-f]{40}$/;

/** The lines that contain only a commit id. */
export function commitLines(text: string): Commit[] {
  return text.split('\n').filter((line) => COMMIT.test(line));
}

/**
 * The candidate commits of each ref, newest first; none for a ref whose file is damaged.
 * @param loose content of the loose ref files
 * @param packed content of packed-refs; loose files take precedence
 * @param below `refs/heads`
 */
export function readableRefs(
  loose: { ref: string; text: string }[],
  packed: string,
  below: string,
): Map<string, Commit[]> {
  const found = new Map<string, Commit[]>();
  const add = (ref: string, commits: Commit[]): unknown =>
    found.set(ref, [...(found.get(ref) ?? []), ...commits]);
  for (const { ref, text } of loose) if (!ref.endsWith('.lock')) add(ref, commitLines(text));
  for (const line of packed.split('\n')) {
    const [commit = '', ref = ''] = line.split(' ');
    if (ref.startsWith(`${below}/`) && COMMIT.test(commit)) add(ref, [commit]);
  }
  return found;
}

/**
 * The commits to try for each ref, in order: those of the old repository, then the mirror's. A branch that exists only in
 * the mirror was deleted by a push, unless the old repository has lost refs.
 */
export function refsToRestore(
  old: Map<string, Commit[]>,
  mirror: Map<string, Commit[]>,
  hasLostRefs: boolean,
): Map<string, Commit[]> {
  const isWhole = old.size > 0 && !hasLostRefs;
  const names = isWhole ? [...old.keys()] : [...new Set([...old.keys(), ...mirror.keys()])];
  return new Map(names.map((ref) => [ref, [...(old.get(ref) ?? []), ...(mirror.get(ref) ?? [])]]));
}
