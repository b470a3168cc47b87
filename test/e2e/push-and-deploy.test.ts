/** Pushes beside deployments by command: neither silently removes what the other made live. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectDone, expectLive } from '../support/expect-live';
import { startReaders } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  expectDone(await clone.start());
});
afterAll(() => clone.cleanUp());

const change = (name: string): void => clone.change({ files: { [name]: name } });
const tip = async (): Promise<string> =>
  (await clone.git('--git-dir', clone.home.pushGit, 'rev-parse', 'main')).text.trim();

it('a deployment by command moves the branch that later pushes start from', async () => {
  const start = (await clone.git('rev-parse', 'HEAD')).text.trim();
  change('a.txt');
  const deployed = await clone.commit('Add a');
  // as on a slow machine
  const hook = path.join(clone.home.pushGit, 'hooks', 'reference-transaction');
  writeFileSync(hook, '#!/bin/sh\nsleep 0.5\n', { mode: 0o755 });
  expectLive(await clone.switchyard('deploy'));
  // the command has waited for it: git would refuse a push at the same moment
  expect(await tip()).toBe(deployed);
  rmSync(hook);

  // a colleague, who does not have that commit
  await clone.git('checkout', '--quiet', '-B', 'colleague', start);
  change('b.txt');
  await clone.commit('Add b');
  const push = await clone.git('push', 'live', 'colleague:main');

  expect(push.code).not.toBe(0);
  expect(push.text).toMatch(/rejected.*\((fetch first|non-fast-forward)\)/);
  expect(await clone.serving()).toMatchObject({ commit: deployed });
  expectDone(await clone.shell('git pull --quiet --no-rebase --no-edit live main'));
  expectLive(await clone.git('push', 'live', 'colleague:main'));
  expectDone(await clone.git('checkout', '--quiet', 'main'));
  expectDone(await clone.git('merge', '--quiet', 'colleague'));
});

describe('when the branch could not follow', () => {
  let live: string;
  let base: string;

  beforeAll(async () => {
    base = await tip();
    change('c.txt');
    await clone.commit('Add c');
    expectLive(await clone.git('push', 'live', 'main'));
    // from an older base, so the branch stays
    await clone.git('checkout', '--quiet', '-B', 'hotfix', base);
    change('fix.txt');
    live = await clone.commit('Fix it');
    expectLive(await clone.switchyard('deploy'));
    await clone.git('checkout', '--quiet', 'main');
    change('d.txt');
    await clone.commit('Add d');
  });

  it('a push that lacks the live release is refused before anything is built, without a late request', async () => {
    const load = startReaders(clone.ports.http, '/version');
    await load.more(20);
    const before = clone.deployments().length;
    const push = await clone.git('push', 'live', 'main');
    expect((await load.stop()).failures).toBe(0);

    expect(push.code).not.toBe(0);
    expect(push.text).toContain('This push does not contain what is live (1 commit).');
    expect(clone.deployments()).toHaveLength(before);
    expect(await clone.serving()).toMatchObject({ commit: live });
  });

  it('the printed commands merge the live release, and the push goes live with both', async () => {
    const { text } = await clone.git('push', 'live', 'main');
    const pull = /git pull --no-rebase live \S+[^.\s]/.exec(text)?.[0] ?? '';

    expectDone(await clone.shell(pull.replace('pull', 'pull --no-edit')));

    const push = expectLive(await clone.git('push', 'live', 'main'));
    expect(push.text).not.toContain('does not contain');
    expect((await clone.git('merge-base', '--is-ancestor', live, 'HEAD')).code).toBe(0);
  });

  it('a forced push replaces the live release, and says so first', async () => {
    await clone.git('checkout', '--quiet', '-B', 'hotfix', base);
    change('again.txt');
    await clone.commit('Fix it again');
    expectLive(await clone.switchyard('deploy'));
    await clone.git('checkout', '--quiet', 'main');
    change('e.txt');
    const commit = await clone.commit('Add e');

    const push = expectLive(await clone.git('push', '-o', 'force', 'live', 'main'));

    expect(push.text).toMatch(/! this push does not contain what is live \(1 commit\)[^]*✓ start/);
    expect(await clone.serving()).toMatchObject({ commit });
  });
});

it('after a rollback the next push contains the live release, and needs no option', async () => {
  change('f.txt');
  await clone.commit('Add f');
  expectLive(await clone.git('push', 'live', 'main'));
  expectLive(await clone.switchyard('rollback'));
  change('g.txt');
  const commit = await clone.commit('Add g');
  const push = expectLive(await clone.git('push', 'live', 'main'));
  expect(push.text).not.toContain('does not contain');
  expect(await clone.serving()).toMatchObject({ commit });
});
