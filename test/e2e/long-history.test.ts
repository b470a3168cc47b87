/** After more than 1,000 restores since the last deployment, commands must still know the good releases. */
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

const RESTORES = 1100;

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  expectDone(await clone.start());
});
afterAll(() => clone.cleanUp());

it('rollback works without an argument and with a short id after 1,100 restores', async () => {
  const first = (await clone.serving()).commit;
  const { commit: second } = expectLive(await clone.release());
  // a running deployer would carry out queued restores
  expectDone(await clone.switchyard('stop'));
  await writeRestores(second);
  expectDone(await clone.start());
  expect(await clone.serving()).toMatchObject({ commit: second });

  expectDone(await clone.switchyard('rollback'));

  expect(await clone.serving()).toMatchObject({ commit: first });
  expectDone(await clone.switchyard('rollback', second.slice(0, 7)));
  expect(await clone.serving()).toMatchObject({ commit: second });
});

it('history --json prints as many deployments as --limit requests', async () => {
  const { text } = await clone.switchyard('history', '--json', '--limit', String(RESTORES + 5));
  const { deployments } = JSON.parse(text) as { deployments: { kind: string }[] };
  expect(deployments.filter(({ kind }) => kind === 'restore').length).toBeGreaterThanOrEqual(RESTORES);
});

async function writeRestores(commit: string): Promise<void> {
  const journal = clone.journal();
  const serving = journal.lastLive()?.to ?? null;
  for (let count = 0; count < RESTORES; count++) {
    const { id } = await journal.request({
      kind: 'restore',
      trigger: 'watch',
      commit,
      strategy: 'blue-green',
    });
    await journal.move(id, 'running', { to: serving });
    await journal.move(id, 'succeeded', { liveAt: Date.now() });
  }
  journal.close();
}
