/**
 * The deployer's schedules: it prunes releases, and deploys pushes whose webhook was lost without undoing a rollback.
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

it('pruning keeps the active release, the warm one and one more, and a rollback rebuilds an older one', async () => {
  const commits: Commit[] = [];
  for (let count = 0; count < 3; count++) commits.push((await clone.release()).commit);
  await until('the first release to be removed', () => sameSet(releases(), commits));

  // a failed release leaves nothing behind and displaces none of the others
  expect((await clone.release({ behaviour: { exits: true } })).verdict).toMatch(/^✗ NOT LIVE/);
  expect(sameSet(releases(), commits)).toBe(true);

  const rollback = await clone.switchyard('rollback', first);
  expectDone(rollback);
  expect(rollback.text).toMatch(/✓ check out/);
  expect(await clone.serving()).toMatchObject({ commit: first });
});

it('a release that does not fit is refused before its checkout, and a rollback to a warm one always fits', async () => {
  await until('pruning to end', () => releases().length === 3);
  const before = await clone.state();
  const result = await clone.release({ config: { room: { memory: '9999g' } } });
  expect(result.verdict).toMatch(
    /^✗ NOT LIVE\. Still serving .*: The memory has [\d,]+ MB left: a second copy of the app needs about \d+ MB, and [\d,]+ MB must stay free\.$/,
  );
  expect(result.deployment).toMatchObject({ state: 'failed', errorCode: 'E_NO_ROOM', fault: 'machine' });
  expect(result.text).not.toContain('check out');
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

  it('retries a commit whose build was killed', async () => {
    const poison = path.join(clone.home.shared, 'poison');
    writeFileSync(poison, '');
    const build = ['sh', '-c', `test ! -e ${poison} || kill -9 $$`];
    const result = await clone.release({ config: { app: { build } } });
    expect(result.verdict).toMatch(
      /The build \(.*\) was killed by SIGKILL \(as little as [\d,]+ MB of memory was free\)$/,
    );
    expect(result.deployment).toMatchObject({ errorCode: 'E_KILLED', fault: 'machine' });

    // GitHub's own redelivery has the id of the first delivery
    const again = (): Promise<{ id: number }> => replay({ 'x-github-delivery': 'd-1' }, result.commit);
    expect(await untilOver(clone, (await again()).id)).toMatchObject({ errorCode: 'E_KILLED' });
    rmSync(poison);
    const retried = await again();
    expect(await untilOver(clone, retried.id)).toMatchObject({ state: 'succeeded', commit: result.commit });
    // another redelivery changes nothing once the commit is live
    const { instance } = await clone.serving();
    expect(await untilOver(clone, (await again()).id)).toMatchObject({ state: 'succeeded' });
    expect(await clone.serving()).toMatchObject({ commit: result.commit, instance });
  });

  it('retries a commit whose new process was killed by another process', async () => {
    const before = await clone.slots();
    const smoke = Array<string>(8).fill('/late');
    const pushing = clone.release({ config: { app: { smoke } } });
    const pid = await until('the new process', async () => {
      const found = (await clone.slots()).find(({ pid: each }) => before.every((old) => old.pid !== each));
      return found?.pid;
    });
    process.kill(pid, 'SIGKILL');
    const result = await pushing;
    expect(result.deployment).toMatchObject({ errorCode: 'E_KILLED', fault: 'machine' });

    expect(await redelivered(result.commit)).toMatchObject({ state: 'succeeded', commit: result.commit });
  });

  it('retries a commit that failed at a limit once the limit has changed', async () => {
    const late = "setTimeout(() => require('./server.js'), 3000);";
    const app = { start: 'app/late.js' };
    const change = { files: { 'app/late.js': late }, config: { app, limits: { start: 1 } } };
    const result = await clone.release(change);
    expect(result.deployment).toMatchObject({ errorCode: 'E_UNHEALTHY', fault: 'commit' });
    expect(result.deployment.limit).toEqual({ name: 'limits.start', value: 1 });
    expect(await redelivered(result.commit)).toMatchObject({ state: 'failed', errorCode: 'E_BAD_COMMIT' });

    clone.change({ ...change, config: { app, limits: { start: 30 } } });
    expect(await redelivered(result.commit)).toMatchObject({ state: 'succeeded', commit: result.commit });
  });
});

it('the poll deploys a push whose webhook was lost', async () => {
  const { commit: pushed } = await clone.release();
  await untilPolled(pushed);
  expectDone(await clone.switchyard('rollback', first));
  // without the hook, the push sends no webhook
  rmSync(path.join(clone.home.pushGit, 'hooks', 'post-receive'));
  clone.change({});
  second = await clone.commit('a push without a webhook');
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
  'a webhook that is sent again as another delivery does not undo a rollback, with the headers %o',
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
    // even after several polls
    expect(clone.deployments().at(-1)?.id).toBe(id);
  },
);

it('the poll reports once that the source does not answer, and once that it answers again', async () => {
  const aside = `${clone.home.pushGit}.aside`;
  const reports = (): string[] => {
    const journal = clone.journal();
    const messages = journal.incidents(20).map(({ message }) => message);
    journal.close();
    return messages.filter((message) => message.includes('source'));
  };
  renameSync(clone.home.pushGit, aside);
  await until('the report of the missing source', () => reports().length > 0);
  renameSync(aside, clone.home.pushGit);
  await until('the report of its return', () => reports()[0] === 'the source answers again');
  expect(reports()).toHaveLength(2);
  expect(reports()[1]).toMatch(/^poll: The source .*push\.git cannot be read: /);
});

/** Sends a webhook as GitHub's "Redeliver" or an attacker with a recording would. Headers are not signed. */
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

function untilPolled(commit: Commit): Promise<true> {
  const journal = clone.journal();
  return until('the poll to see the push', () => journal.lastTip(clone.home.pushGit, 'main') === commit)
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
