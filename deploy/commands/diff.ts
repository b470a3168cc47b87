/** `diff [ref]`: lists the commits between the live release and a commit of the clone. */
import { KnownError } from '../core/errors';
import { named, plural, printable, short } from '../core/format';
import type { Uncommitted } from '../core/uncommitted';
import { uncommittedLine } from '../reporters/phrases';
import { jsonText } from '../core/terminal-text';
import type { NamedCommit } from '../git/clone';
import { commitsBetween, resolveRef, uncommittedFiles } from '../git/clone';
import { servingNow } from '../health/serving';
import { currentClone } from './current-clone';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';

export async function diffCommand(ref = 'HEAD', options: Options): Promise<number> {
  const { home, ...rest } = openCloneContext();
  const clone = await currentClone();
  if (clone === null) {
    const why = 'This folder is not in a clone.';
    throw new KnownError('E_NOT_A_REPOSITORY', why, 'Change to the clone whose commits you want to compare.');
  }
  const commit = await resolveRef(clone, ref);
  const serving = await servingNow({ home, ...rest });
  if (serving === null) throw new KnownError('E_NOT_LIVE', 'No release is live.');
  const between = (from: string, to: string): Promise<NamedCommit[]> =>
    commitsBetween(clone, home.mirrorGit, from, to);
  const [added, removed, uncommitted] = await Promise.all([
    between(serving.commit, commit),
    between(commit, serving.commit),
    uncommittedFiles(clone),
  ]);
  if (options.json) console.log(jsonText({ live: serving, commit, added, removed, uncommitted }));
  else console.log(linesOf(ref, named(serving), commit, { added, removed, uncommitted }).join('\n'));
  return 0;
}

interface Changes {
  added: NamedCommit[];
  removed: NamedCommit[];
  uncommitted: Uncommitted;
}

function linesOf(
  ref: string,
  live: string,
  commit: string,
  { added, removed, uncommitted }: Changes,
): string[] {
  const list = (sign: string, commits: NamedCommit[]): string[] =>
    commits.map((each) => `${sign} ${short(each.commit)} ${printable(each.subject)}`);
  const counted = (verb: string, commits: NamedCommit[]): string[] =>
    commits.length === 0 ? [] : [`${verb} ${plural(commits.length, 'commit')}`];
  const warning = uncommittedLine(uncommitted);
  const name = ref === 'HEAD' ? ref : printable(ref);
  return [
    ...list('+', added),
    ...list('-', removed),
    ...(warning === null ? [] : [warning]),
    added.length + removed.length === 0
      ? `${name} (${short(commit)}) is live: ${live}`
      : `${live} is live; ${name} (${short(commit)}) ${[counted('adds', added), counted('lacks', removed)].flat().join(' and ')}`,
  ];
}
