/**
 * What the deployer does by itself: it removes what is not kept, and finds pushes whose webhook was lost without ever
 * undoing a rollback by it.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Deployment } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { readSecret } from '../../deploy/home/webhook-secret';
import { signatureOf } from '../../deploy/http/webhook/signature';
import { untilOver } from '../support/crash';
import { expectDone } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone;
let first: Commit;
let second: Commit;

beforeAll(async () => {
  clone = await tinyClone({
    bake: { seconds: 0 },
    schedules: { poll: '* * * * * *' },
    keep: { releases: 1 },
  });
  expectDone(await clone.start());
  first = (await clone.serving()).commit;
});
afterAll(() => clone.cleanUp());

it('keeps the active release, the warm one and one more; a rollback builds an older one again', async () => {
  const commits: Commit[] = [];
  for (let count = 0; count < 3; count++) commits.push((await clone.release()).commit);
  await until('the first release is removed', () => sameSet(releases(), commits));

  // a failed one leaves nothing, and takes nothing from the others
  expect((await clone.release({ behaviour: { exits: true } })).verdict).toMatch(/^✗ NOT LIVE/);
  expect(sameSet(releases(), commits)).toBe(true);

  const rollback = await clone.switchyard('rollback', first);
  expectDone(rollback);
  expect(rollback.text).toMatch(/✓ check out/);
  expect(await clone.serving()).toMatchObject({ commit: first });
});

it('refuses a release that will not fit, before anything of it is made; going back to a warm one always fits', async () => {
  await until('what is not kept is gone', () => releases().length === 3);
  const before = await clone.state();
  const said = await clone.release({ config: { room: { memory: '9999g' } } });
  expect(said.verdict).toMatch(
    /^✗ NOT LIVE\. Still serving .*: The memory has [\d,]+ MB left: a second copy of the app needs about \d+ MB, and [\d,]+ MB must stay free\.$/,
  );
  expect(said.deployment).toMatchObject({ state: 'failed', errorCode: 'E_NO_ROOM', fault: 'machine' });
  expect(said.text).not.toContain('check out');
  expect(await clone.state()).toEqual(before);

  const { standby } = clone.table();
  expect(await clone.switchyard('rollback', (await clone.slot(standby as string)).commit)).toMatchObject({
    code: 0,
  });
  expect(clone.table().active).toBe(standby);
  clone.change({});
  expectDone(await clone.switchyard('rollback', first));
});

describe('a redelivery', () => {
  const redelivered = async (commit: Commit): Promise<Deployment> =>
    untilOver(clone, (await replay({}, commit)).id);

  it('tries a commit again whose build was killed', async () => {
    const poison = path.join(clone.home.shared, 'poison');
    writeFileSync(poison, '');
    const build = ['sh', '-c', `test ! -e ${poison} || kill -9 $$`];
    const said = await clone.release({ config: { app: { build } } });
    expect(said.verdict).toMatch(
      /The build \(.*\) was killed by SIGKILL \(as little as [\d,]+ MB of memory was free\)$/,
    );
    expect(said.deployment).toMatchObject({ errorCode: 'E_KILLED', fault: 'machine' });

    rmSync(poison);
    expect(await redelivered(said.commit)).toMatchObject({ state: 'succeeded', commit: said.commit });
    expect(await clone.serving()).toMatchObject({ commit: said.commit });
  });

  it('tries a commit again that was bad for a limit, once the limit has another value', async () => {
    const late = "setTimeout(() => require('./server.js'), 3000);";
    const app = { start: 'app/late.js' };
    const change = { files: { 'app/late.js': late }, config: { app, limits: { start: 1 } } };
    const said = await clone.release(change);
    expect(said.deployment).toMatchObject({ errorCode: 'E_UNHEALTHY', fault: 'commit' });
    expect(said.deployment.limit).toEqual({ name: 'limits.start', value: 1 });
    expect(await redelivered(said.commit)).toMatchObject({ state: 'failed', errorCode: 'E_BAD_COMMIT' });

    clone.change({ ...change, config: { app, limits: { start: 30 } } });
    expect(await redelivered(said.commit)).toMatchObject({ state: 'succeeded', commit: said.commit });
  });
});

it('deploys a push whose webhook was lost', async () => {
  const { commit: pushed } = await clone.release();
  await untilSeen(pushed);
  expectDone(await clone.switchyard('rollback', first));
  // without its hook the source tells nobody
  rmSync(path.join(clone.home.pushGit, 'hooks', 'post-receive'));
  clone.change({});
  second = await clone.commit('a push that nobody hears of');
  await clone.git('push', 'live', 'main');

  const found = await until('a deployment by the poll', () => newest());
  expect(await untilOver(clone, found.id)).toMatchObject({
    trigger: 'poll',
    state: 'succeeded',
    commit: second,
  });
  expect(await clone.serving()).toMatchObject({ commit: second });
});

it.each<Record<string, string>>([{}, { 'x-switchyard-trigger': 'push' }])(
  'leaves a rollback alone when the webhook is sent again as another delivery, %o',
  async (headers) => {
    if ((await clone.serving()).commit !== first) {
      expectDone(await clone.switchyard('rollback', first));
    }
    const { id } = await replay(headers);
    expect(await untilOver(clone, id)).toMatchObject({
      state: 'succeeded',
      commit: null,
      liveAt: null,
      cause: `nothing new: ${second.slice(0, 7)} was seen before`,
    });
    expect(await clone.serving()).toMatchObject({ commit: first });
    // several turns of the poll later, too
    expect(clone.deployments().at(-1)?.id).toBe(id);
  },
);

it('tells once that the source does not answer, and that it is back', async () => {
  const aside = `${clone.home.pushGit}.aside`;
  const told = (): string[] => {
    const journal = clone.journal();
    const messages = journal.incidents(20).map(({ message }) => message);
    journal.close();
    return messages.filter((message) => message.includes('source'));
  };
  renameSync(clone.home.pushGit, aside);
  await until('the source is missed', () => told().length > 0);
  renameSync(aside, clone.home.pushGit);
  await until('it is back', () => told()[0] === 'the source answers again');
  expect(told()).toHaveLength(2);
  expect(told()[1]).toMatch(/^poll: The source .*push\.git cannot be read: /);
});

/** What GitHub sends when somebody clicks "Redeliver", or what somebody else has recorded. Headers are not signed. */
async function replay(headers: Record<string, string>, after = second): Promise<{ id: number }> {
  const body = Buffer.from(JSON.stringify({ ref: 'refs/heads/main', before: first, after }));
  const answer = await fetch(`http://127.0.0.1:${clone.ports.http}/_deploy/webhook`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': signatureOf(readSecret(clone.home), body),
      ...headers,
    },
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as { id: number };
}

function untilSeen(commit: Commit): Promise<true> {
  const journal = clone.journal();
  return until('a first look at the source', () => journal.lastSeen(clone.home.pushGit, 'main') === commit)
    .then(() => true as const)
    .finally(() => journal.close());
}

function releases(): Commit[] {
  return readdirSync(clone.home.releases).filter((name) => /^[0-9a-f]{40}$/.test(name));
}

function sameSet(one: string[], other: string[]): boolean {
  return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
}

function newest(): Deployment | undefined {
  return clone.deployments().find(({ trigger }) => trigger === 'poll');
}
