import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openFiles } from '../../../deploy/os/open-files';
import { afterwards } from '../../support/temp-home';

const PROGRAM = `
  const { closeSync, openSync, writeSync } = require('node:fs');
  openSync('/etc/passwd');
  writeSync(1, 'ready');
  for (;;) closeSync(openSync('/etc/group'));`;

it('an open file is listed while its process opens and closes others', async () => {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');

  const looks = Array.from({ length: 300 }, () => openFiles(child.pid as number));

  expect(looks.filter((files) => !files.includes('/etc/passwd'))).toEqual([]);
});
