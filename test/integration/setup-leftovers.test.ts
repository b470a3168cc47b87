/** The leftovers that `npm test` checks for after all suites. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesLeft, processesLeft, withContent } from '../../scripts/lib/leftovers';
import { node } from '../support/small-clone';
import { tempHome } from '../support/temp-home';

const FOREVER = 'console.log("up"); setInterval(() => {}, 1000)';

async function running(dir: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { child } = node(dir, args, { env });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child.pid ?? 0;
}

describe('a process that a test left running is found', () => {
  it.each([
    ['by its environment', (dir: string) => running('/', ['-e', FOREVER], { TMPDIR: dir })],
    ['by its arguments', (dir: string) => running('/', ['-e', FOREVER, path.join(dir, 'nginx.conf')], {})],
    ['by its folder', (dir: string) => running(dir, ['-e', FOREVER], {})],
  ])('%s', async (_, start) => {
    const dir = tempHome();
    const pid = await start(dir);
    expect(await processesLeft(dir, 0)).toEqual([{ pid, command: expect.stringContaining('-e') as string }]);
  });
});

it('the check for leftovers waits for a process that is exiting', async () => {
  const dir = tempHome();
  const pid = await running(dir, ['-e', FOREVER], {});
  const checking = processesLeft(dir);
  process.kill(pid, 'SIGTERM');
  expect(await checking).toEqual([]);
});

it("the check for leftovers names a file but ignores Node's own cache", () => {
  const dir = tempHome();
  for (const name of ['home', 'node-compile-cache']) writeFileSync(path.join(dir, name), '');
  expect(filesLeft(dir)).toEqual(['home']);
  expect(withContent(dir, 'home')).toBe('home');

  mkdirSync(path.join(dir, 'clone/logs'), { recursive: true });
  expect(withContent(dir, 'clone')).toBe('clone with logs');
});
