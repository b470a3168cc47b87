import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { gitOn, gitPolitely } from '../../../deploy/git/git';
import { homeAt } from '../../../deploy/home/home';
import { endProcesses } from '../../../deploy/os/process-table';
import { backgroundJobs } from '../../../deploy/setup/background-jobs';
import { tempHome } from '../../support/temp-home';
import { until } from '../../support/until';

test('git that works in the mirror for the next deployment is found and ended, and no shell that knows of the mirror', async () => {
  const home = homeAt(tempHome());
  mkdirSync(home.mirrorGit);
  await gitOn(home.mirrorGit).raw(['init', '--bare']);
  const shell = spawn('sleep', ['60'], { env: { ...process.env, GIT_DIR: home.mirrorGit } });
  // it waits for somebody to write into the pipe
  const pipe = path.join(home.dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const works = gitPolitely(home.mirrorGit, ['hash-object', pipe]).catch(String);
  try {
    await until('git at work', () => backgroundJobs(home).length > 0);
    const found = backgroundJobs(home);
    expect(found.map(({ argv }) => argv)).toEqual([['git', 'hash-object', pipe]]);
    expect(found.map(({ pid }) => pid)).not.toContain(shell.pid);
    await endProcesses(found, 0);
    expect(await works).toContain('ended on');
  } finally {
    const gone = once(shell, 'exit');
    shell.kill('SIGKILL');
    await gone;
  }
  expect(backgroundJobs(home)).toEqual([]);
});
