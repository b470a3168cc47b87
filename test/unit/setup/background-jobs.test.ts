import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { gitOn, gitLowPriority } from '../../../deploy/git/git';
import { homeAt } from '../../../deploy/home/home';
import { stopProcesses } from '../../../deploy/os/process-table';
import { backgroundJobs } from '../../../deploy/setup/background-jobs';
import { tempHome } from '../../support/temp-home';
import { until } from '../../support/until';

test('git working in the mirror is found and stopped, but not a shell with GIT_DIR set to it', async () => {
  const home = homeAt(tempHome());
  mkdirSync(home.mirrorGit);
  await gitOn(home.mirrorGit).raw(['init', '--bare']);
  const shell = spawn('sleep', ['60'], { env: { ...process.env, GIT_DIR: home.mirrorGit } });
  // it waits for data in the pipe
  const pipe = path.join(home.dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const git = gitLowPriority(home.mirrorGit, ['hash-object', pipe]).catch(String);
  try {
    await until('git at work', () => backgroundJobs(home).length > 0);
    const jobs = backgroundJobs(home);
    expect(jobs.map(({ argv }) => argv)).toEqual([['git', 'hash-object', pipe]]);
    expect(jobs.map(({ pid }) => pid)).not.toContain(shell.pid);
    await stopProcesses(jobs, 0);
    expect(await git).toContain('git failed (');
  } finally {
    const exited = once(shell, 'exit');
    shell.kill('SIGKILL');
    await exited;
  }
  expect(backgroundJobs(home)).toEqual([]);
});
