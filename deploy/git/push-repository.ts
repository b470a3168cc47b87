/** push.git: the bare repository that `git push live` sends to, and its hooks. */
import { quoted } from '../core/shell-word';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';
import { gitOn } from './git';
import { checkBranchName } from './names';

export interface HookTargets {
  /** Absolute path of Node's binary. */
  node: string;
  /** The clone the kit runs from; its dist/deploy/hook.js takes the pushes. */
  root: string;
  /** The branch that deploys. */
  branch: string;
}

const CLOSED = 0o700;

export const HOOKS = ['pre-receive', 'post-receive'] as const;

/**
 * Makes push.git, or brings an existing one up to date: Node or the clone may have moved. Doing it again
 * changes nothing. Throws E_REF for an impossible branch name.
 */
export async function preparePushRepository(home: Home, targets: HookTargets): Promise<void> {
  await checkBranchName(targets.branch);
  mkdirSync(home.pushGit, { recursive: true });
  if ((statSync(home.pushGit).mode & 0o777) !== CLOSED) chmodSync(home.pushGit, CLOSED);
  const hooks = path.join(home.pushGit, 'hooks');
  await gitOn(home.pushGit).raw(['init', '--bare', `--initial-branch=${targets.branch}`]);
  for (const [key, value] of await wrongSettings(home.pushGit))
    await gitOn(home.pushGit, { setsHooksPath: true }).addConfig(key, value);
  await pointHeadAt(home.pushGit, targets.branch);
  mkdirSync(hooks, { recursive: true });
  for (const hook of HOOKS) writeHook(path.join(hooks, hook), hookScript(hook, home, targets));
}

/** The text of a hook: it only finds Node. Everything else is in hook.js. */
export function hookScript(hook: string, home: Pick<Home, 'dir'>, { node, root }: HookTargets): string {
  const script = path.join(root, 'dist', 'deploy', 'hook.js');
  return `#!/bin/sh
# Written by npm start; changes are lost.
# git tells a hook its repository by variables that would lead our own git calls astray.
unset $(git rev-parse --local-env-vars)
NODE=${quoted(node)}
SCRIPT=${quoted(script)}
export SWITCHYARD_HOME=${quoted(home.dir)}
export SWITCHYARD_ROOT=${quoted(root)}
if ! [ -x "$NODE" ] || ! [ -f "$SCRIPT" ] || ! [ -d ${quoted(path.join(root, 'node_modules'))} ]; then
  echo "✗ NOT LIVE. Node, Switchyard or its npm packages have moved. Run npm start in the clone, then push again." >&2
  exit 1
fi
exec "$NODE" "$SCRIPT" ${hook}
`;
}

/** Renamed into place: a push that comes in meanwhile runs the old hook or the new, never half of one. */
function writeHook(file: string, script: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === script) return;
  writeAtomically(file, script, { mode: 0o755 });
}

/** The settings that differ from those that a push needs; keys in git's own spelling, which is lower case. */
export async function wrongSettings(pushGit: string): Promise<[string, string][]> {
  // git cannot list a file that is gone
  const hasSettings = existsSync(path.join(pushGit, 'config'));
  const all = hasSettings ? (await gitOn(pushGit).listConfig('local')).all : {};
  const wanted = {
    // pushes from a shallow clone are refused otherwise
    'receive.shallowupdate': 'true',
    // a person's own core.hooksPath would silence ours
    'core.hookspath': path.join(pushGit, 'hooks'),
    ...(await fsyncSettings(pushGit)),
    // housekeeping in the background would outlive everything that watches it
    'gc.autodetach': 'false',
  };
  return Object.entries(wanted).filter(([key, value]) => all[key] !== value);
}

/**
 * A branch is written after its objects are on the disk: else a power cut in the middle of a push leaves a branch that
 * leads to empty objects, and git refuses the next push. Keys and their values differ by git's version.
 */
async function fsyncSettings(repository: string): Promise<Record<string, string>> {
  const { major, minor } = await gitOn(repository).version();
  return major > 2 || (major === 2 && minor >= 36)
    ? { 'core.fsync': 'all', 'core.fsyncmethod': 'batch' }
    : { 'core.fsyncobjectfiles': 'true' };
}

/** What `git clone` of push.git would check out; the configured branch may have changed. */
async function pointHeadAt(repository: string, branch: string): Promise<void> {
  await gitOn(repository).raw(['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
}
