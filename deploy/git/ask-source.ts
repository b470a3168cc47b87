/** Asks a source for the tip of a branch, as the deployer would: without a terminal, in which ssh would begin to ask questions. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { causeIn, gitEnvironment } from './git';

/** The branch's commit, empty where the source has no such branch; or why the source cannot be read. */
export async function askSource(
  home: Pick<Home, 'mirrorGit'>,
  source: string,
  branch: string,
  limitMs: number,
): Promise<Commit | { why: string }> {
  const wanted = `refs/heads/${branch}`;
  const { code, stdout, stderr } = await lsRemote(home, source, wanted, limitMs);
  if (code === null) return { why: `no answer in ${limitMs / 1000} s` };
  if (code !== 0) return { why: causeIn(stderr) || `git ended with code ${code}` };
  const line = stdout.split('\n').find((each) => each.endsWith(`\t${wanted}`));
  return line?.split('\t')[0] ?? '';
}

/** Code null: it took too long. */
function lsRemote(
  home: Pick<Home, 'mirrorGit'>,
  source: string,
  ref: string,
  limitMs: number,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('git', ['ls-remote', '--', source, ref], {
    // where the deployer fetches, once there is such a folder
    cwd: isOpen(home.mirrorGit) ? home.mirrorGit : '/',
    env: gitEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // a session of its own has no terminal
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
    // it has just ended
  }
}
