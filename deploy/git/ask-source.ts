/** Asks a source for the tip of a branch as the deployer does: without a terminal, so that ssh cannot prompt. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { causeIn, gitEnvironment } from './git';
import { accessTo } from './source-access';

/** The branch's commit (empty if the source has no such branch), or the reason why the source cannot be read. */
export async function askSource(
  home: Pick<Home, 'mirrorGit'>,
  source: string,
  branch: string,
  limitMs: number,
): Promise<Commit | { why: string }> {
  const wanted = `refs/heads/${branch}`;
  const { code, stdout, stderr } = await lsRemote(home, source, wanted, limitMs);
  if (code === null) return { why: `no answer in ${limitMs / 1000} s` };
  if (code !== 0) return { why: causeIn(stderr) || `git exited with code ${code}` };
  const line = stdout.split('\n').find((each) => each.endsWith(`\t${wanted}`));
  return line?.split('\t')[0] ?? '';
}

/** Runs `git ls-remote`. A null code means that it was killed after `limitMs`. */
function lsRemote(
  home: Pick<Home, 'mirrorGit'>,
  source: string,
  ref: string,
  limitMs: number,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { url, env } = accessTo(source);
  const child = spawn('git', ['ls-remote', '--', url, ref], {
    // the folder where the deployer fetches, if it exists
    cwd: isOpen(home.mirrorGit) ? home.mirrorGit : '/',
    env: { ...gitEnvironment(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // a new session has no terminal
    detached: true,
  });
  const limit = setTimeout(() => killGroup(child.pid), limitMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    const end = (code: number | null): void => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr });
    };
    child.on('error', (error) => {
      stderr += error.message;
      end(1);
    });
    child.on('close', end);
  });
}

function isOpen(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, 'SIGKILL');
  } catch {
    // it has just exited
  }
}
