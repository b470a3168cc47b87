/** Creates and configures push.git, the bare repository that `git push live` sends to, and its hooks. */
import { shellQuote } from '../core/shell-word';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { writeAtomically } from '../os/atomic-write';
import { gitOn } from './git';
import { checkBranchName } from './names';

export interface HookTargets {
  /** The absolute path of the Node binary. */
  node: string;
  /** The clone that the kit runs from; its dist/deploy/hook.js handles pushes. */
  root: string;
  /** The branch whose pushes are deployed. */
  branch: string;
}

export const HOOKS = ['pre-receive', 'post-receive'] as const;

/**
 * Creates push.git, or updates an existing one, because Node or the clone may have moved. Idempotent. Throws E_REF for
 * an invalid branch name.
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

/** The script of a hook. It only finds Node; everything else is in hook.js. */
export function hookScript(hook: string, home: Pick<Home, 'dir'>, { node, root }: HookTargets): string {
  const script = path.join(root, 'dist', 'deploy', 'hook.js');
  return `#!/bin/sh
# Written by npm start; changes are lost.
# git passes a hook its repository in variables that would redirect our own git calls.
unset $(git rev-parse --local-env-vars)
NODE=${shellQuote(node)}
SCRIPT=${shellQuote(script)}
export SWITCHYARD_HOME=${shellQuote(home.dir)}
export SWITCHYARD_ROOT=${shellQuote(root)}
if ! [ -x "$NODE" ] || ! [ -f "$SCRIPT" ] || ! [ -d ${shellQuote(path.join(root, 'node_modules'))} ]; then
  echo "✗ NOT LIVE. Node, Switchyard or its npm packages have moved. Run npm start in the clone, then push again." >&2
  exit 1
fi
exec "$NODE" "$SCRIPT" ${hook}
`;
}

/** Replaces the hook atomically, so that a concurrent push runs either the old or the new one, never half of one. */
function writeHook(file: string, script: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === script) return;
  writeAtomically(file, script, { mode: 0o755 });
}

/** The settings that differ from those a push needs; keys are in lower case, as git lists them. */
export async function wrongSettings(pushGit: string): Promise<[string, string][]> {
  // git cannot list the settings of a missing config file
  const hasSettings = existsSync(path.join(pushGit, 'config'));
  const all = hasSettings ? (await gitOn(pushGit).listConfig('local')).all : {};
  const wanted = {
    // without it, git refuses pushes from a shallow clone
    'receive.shallowupdate': 'true',
    // git push -o force
    'receive.advertisepushoptions': 'true',
    // a user's own core.hooksPath would disable Switchyard's hooks
    'core.hookspath': path.join(pushGit, 'hooks'),
    ...(await fsyncSettings(pushGit)),
    // background maintenance would outlive the processes that watch it
    'gc.autodetach': 'false',
  };
  return Object.entries(wanted).filter(([key, value]) => all[key] !== value);
}

/**
 * Makes git flush objects before it writes the branch. Otherwise a power cut during a push leaves a branch that points
 * to empty objects, and git refuses the next push. Keys and values depend on git's version.
 */
async function fsyncSettings(repository: string): Promise<Record<string, string>> {
  const { major, minor } = await gitOn(repository).version();
  return major > 2 || (major === 2 && minor >= 36)
    ? { 'core.fsync': 'all', 'core.fsyncmethod': 'batch' }
    : { 'core.fsyncobjectfiles': 'true' };
}

/** Sets the branch that `git clone` of push.git checks out, because the configured branch may have changed. */
async function pointHeadAt(repository: string, branch: string): Promise<void> {
  await gitOn(repository).raw(['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
}
