/** Reads refs out of the files of a repository that git itself refuses to read. */
import type { Commit } from './release';

const COMMIT = /^[0-9a-f]{40}$/;

/** Lines that hold nothing but a commit id. */
export function goodLines(text: string): Commit[] {
  return text.split('\n').filter((line) => COMMIT.test(line));
}

/**
 * The commits that each ref may stand for, the newest first. None for a ref whose file is broken.
 * @param loose what the files say @param packed packed-refs, which the files go over @param below `refs/heads`
 */
export function readableRefs(
  loose: { ref: string; text: string }[],
  packed: string,
  below: string,
): Map<string, Commit[]> {
  const found = new Map<string, Commit[]>();
  const add = (ref: string, commits: Commit[]): unknown =>
    found.set(ref, [...(found.get(ref) ?? []), ...commits]);
  for (const { ref, text } of loose) if (!ref.endsWith('.lock')) add(ref, goodLines(text));
  for (const line of packed.split('\n')) {
    const [commit = '', ref = ''] = line.split(' ');
    if (ref.startsWith(`${below}/`) && COMMIT.test(commit)) add(ref, [commit]);
  }
  return found;
}

/**
 * What to try for each ref, in this order: the old repository's commits, then those of the mirror. The mirror alone decides
 * where the old one has no ref left. A branch that only the mirror has was deleted by a push.
 */
export function refsToBring(
  old: Map<string, Commit[]>,
  mirror: Map<string, Commit[]>,
): Map<string, Commit[]> {
  const names = old.size > 0 ? [...old.keys()] : [...mirror.keys()];
  return new Map(names.map((ref) => [ref, [...(old.get(ref) ?? []), ...(mirror.get(ref) ?? [])]]));
}
