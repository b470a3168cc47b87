import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DEPLOYMENT_MARKER, deploymentMark, killMarkedProcesses } from '../../../deploy/os/marked-processes';
import { afterwards, tempHome } from '../../support/temp-home';

function survivor(logs: string, id: number, argv = ['sleep', '300']) {
  const child = spawn(argv[0] as string, argv.slice(1), {
    env: { PATH: process.env.PATH, [DEPLOYMENT_MARKER]: deploymentMark(logs, id) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  afterwards(() => child.kill('SIGKILL'));
  return child;
}

test('the surviving processes of a deployment are killed, and those of no other', async () => {
  const [mine, other] = [tempHome(), tempHome()];
  const exited = once(survivor(mine, 7), 'exit');
  const others = [survivor(mine, 8), survivor(other, 7)];

  expect(await killMarkedProcesses({ logs: mine }, 7)).toBe(1);
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(others.map(({ signalCode }) => signalCode)).toEqual([null, null]);
});

test('a descendant that cleared its environment is killed too', async () => {
  const logs = tempHome();
  const child = survivor(logs, 7, ['sh', '-c', "env -i /bin/sh -c 'echo ready; exec sleep 300' & wait"]);
  await once(child.stdout, 'data');
  expect(await killMarkedProcesses({ logs }, 7)).toBe(2);
});

test('a deployment without surviving processes needs no kill', async () => {
  expect(await killMarkedProcesses({ logs: tempHome() }, 7)).toBe(0);
});
