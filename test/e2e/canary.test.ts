/**
 * Canary deployments under load: a good release goes from a few users to all of them, and a bad one is rolled back for
 * everyone. An operator can abort, pause or promote it, and testers can request either side.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { JournalEvent } from '../../deploy/core/event';
import { abortDeployments, kill, untilOver } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import { startLoad, type Load, type LoadOptions } from '../support/load';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

/** Users without cookies: each request gets its own bucket. */
const USERS: Omit<LoadOptions, 'port'> = {
  connections: 16,
  pauseMs: 5,
  mix: [
    { method: 'GET', path: '/version' },
    { method: 'GET', path: '/work' },
  ],
  slow: null,
};
const SHORT = { steps: [10, 50, 100], seconds: 1, minRequests: 20 };
/** Long enough for an operator to act in between. */
const LONG = { ...SHORT, seconds: 60 };

let clone: TinyClone;
let load: Load | undefined;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, strategy: 'canary', bake: { seconds: 0 }, canary: SHORT });
    expectDone(await clone.start());
  });
  afterEach(async () => {
    await load?.stop();
    await abortDeployments(clone);
  });
  afterAll(() => clone.cleanUp());

  test('the first release goes live immediately because there is no stable release to compare it with', () => {
    expect(clone.deployments()[0]).toMatchObject({ state: 'succeeded', strategy: 'canary' });
    expect(phases(clone.deployments()[0] as Deployment)).not.toContain('judge');
  });

  test('a good release reaches all users step by step, and no request fails', async () => {
    const before = await clone.serving();
    const load = await users();

    const pushed = await clone.release();
    const { failures, failed, versions } = await load.stop();

    const { text, deployment, commit } = expectLive(pushed);
    expect(text).toMatch(
      /canary needs about [\d,]+ requests per step to tell 2 % from 1 % \([\d,]+ of them at 10 %\)/,
    );
    expect(text).toMatch(
      /✓ canary +1\.\d s +10 %: 0 of [\d,]+ failed \(0 %\) against 0 of [\d,]+ failed \(0 %\) of stable/,
    );
    expect(text).toMatch(/✓ canary +1\.\d s +50 %: 0 of [\d,]+ failed/);
    expect(failed).toEqual([]);
    expect(failures).toBe(0);
    expect(Object.keys(versions).sort()).toEqual([before.commit, commit].sort());
    expect(phases(deployment).filter((phase) => phase === 'judge')).toHaveLength(2);
    expect(await clone.serving()).toMatchObject({ commit });
  });

  test('a release that fails only with users is rolled back at its first step and affects few users', async () => {
    const before = await clone.state();
    clone.change({ config: { canary: LONG } });
    const load = await users({ mix: [{ method: 'GET', path: '/work', expect: [200, 500] }] });

    const { verdict, text, deployment } = await clone.release({
      behaviour: { work: 500 },
      config: { canary: LONG },
    });
    await load.stop();

    expect(verdict).toMatch(
      /^✗ NOT LIVE\. Still serving .*: (blue|green) at 10 %: [\d,]+ of [\d,]+ failed \(100 %\), more than the 10 % that are ever allowed; \d+ users? got an error from it\.$/,
    );
    expect(text).toMatch(/Read its output: .\/switchyard logs (blue|green) \[E_CANARY\]/);
    expect(deployment).toMatchObject({ state: 'rolled-back', errorCode: 'E_CANARY', fault: 'commit' });
    // before the step ended
    expect((deployment.finishedAt as number) - shiftedAt(deployment)).toBeLessThan(60_000);
    const affected = Number(/(\d+) users? got/.exec(verdict)?.[1]);
    expect(affected).toBeGreaterThanOrEqual(4);
    expect(affected).toBeLessThan(200);
    expect(await clone.state()).toEqual(before);
  });

  test('a release that fails a quarter of its requests is rolled back long before its step ends', async () => {
    clone.change({ config: { canary: LONG } });
    const load = await users({ mix: [{ method: 'GET', path: '/work', expect: [200, 500] }] });

    const { verdict, deployment } = await clone.release({
      behaviour: { workFailsEvery: 4 },
      config: { canary: LONG },
    });
    await load.stop();

    expect(verdict).toMatch(/ failed \([\d.]+ %\), more than the 10 % that are ever allowed; /);
    expect((deployment.finishedAt as number) - shiftedAt(deployment)).toBeLessThan(30_000);
  });

  test('a canary whose process dies is rolled back and gets no further request', async () => {
    const before = await clone.state();
    const { pushing } = await startCanary();
    const [canary] = (await clone.slots()).filter(({ slot }) => slot !== clone.table().active);

    kill(canary?.pid);

    expect(await pushing).toMatchObject({
      verdict: expect.stringMatching(/^✗ NOT LIVE\. Still serving .* was killed by SIGKILL/) as string,
      deployment: { state: 'rolled-back', errorCode: 'E_KILLED', fault: 'machine' },
    });
    expect(await clone.state()).toEqual(before);
  });

  // the other tests do not depend on the runtime
  if (runtime === 'compose') return;

  test.each<[string, Change['behaviour'], string, RegExp]>([
    ['exits', { exits: true }, 'E_EXITED', /exited with code 3 .*no database/],
    ['is unhealthy', { health: 500 }, 'E_UNHEALTHY', /\/health in (blue|green) answered 500/],
    [
      'answers with another commit',
      { commit: 'f'.repeat(40) },
      'E_WRONG_PROCESS',
      /names commit fffffff instead of/,
    ],
  ])(
    'a canary that %s at its start never gets a user request',
    async (_what, behaviour, errorCode, cause) => {
      const before = await clone.state();
      const { verdict, deployment } = await clone.release({ behaviour });
      expect(verdict).toMatch(/^✗ NOT LIVE\. Still serving/);
      expect(verdict).toMatch(cause);
      expect(deployment).toMatchObject({ state: 'failed', errorCode, fault: 'commit' });
      expect(phases(deployment)).not.toContain('judge');
      expect(await clone.state()).toEqual(before);
    },
  );

  test('a slower canary is rolled back at the end of its step', async () => {
    const before = await clone.state();
    await users({ mix: [{ method: 'GET', path: '/work' }] });
    const { verdict, deployment } = await clone.release({
      behaviour: { workMs: 200 },
      config: { canary: { steps: [50, 100], seconds: 7, warmUp: 0, minRequests: 20 } },
    });
    expect(verdict).toMatch(
      /^✗ NOT LIVE\. .* at 50 %: it is slower: \d+ ms \(95 % within \d+ ms\) against \d+ ms \(95 % within \d+ ms\); 0 users got/,
    );
    expect(deployment).toMatchObject({ state: 'rolled-back', errorCode: 'E_CANARY', fault: 'commit' });
    expect(await clone.state()).toEqual(before);
  });

  test('an operator pauses, resumes and promotes a canary, and its running process goes live', async () => {
    const { pushing, id } = await startCanary();
    expect(servingSlots(clone.table())).toHaveLength(2);
    const [canary] = (await clone.slots()).filter(({ slot }) => slot !== clone.table().active);

    const paused = await command('pause');
    expectDone(paused);
    expect(paused.text).toContain(`✓ PAUSED: deployment ${id}`);
    expect(stateOf(id)).toBe('holding');
    expect((await pushing).text).toContain(`PAUSED: deployment ${id}`);
    const resumed = command('resume');
    await until('the canary to go on', () => stateOf(id) === 'running');

    const promoted = await command('promote');
    expectLive(promoted);
    // the terminal of resume followed the canary to its end
    expectLive(await resumed);
    expect(promoted.text).toMatch(/✓ canary .* 10 %: promoted by an operator/);
    expect(promoted.text).toMatch(/✓ LIVE in \d+ ms/);
    expect(await clone.serving()).toMatchObject({ pid: canary?.pid, instance: canary?.instance });
  });

  test('an operator aborts a canary, and the previous state is restored', async () => {
    const before = await clone.state();
    const { pushing, id } = await startCanary();

    expect(expectDone(await command('abort')).text).toContain('✓ ABORTED');

    expect((await pushing).verdict).toMatch(/^✗ NOT LIVE\./);
    expect(stateOf(id)).toBe('aborted');
    expect(await clone.state()).toEqual(before);
  });

  test('testers can request either side, whatever their cohort', async () => {
    const { pushing, commit } = await startCanary();
    const stable = clone.table().active as string;

    const { canary } = JSON.parse((await clone.switchyard('status', '--json')).text) as {
      canary: Record<'preview' | 'stable', { link: string; header: string }>;
    };
    for (const [side, is] of [
      ['preview', (answer: string) => answer === commit],
      ['stable', (answer: string) => answer !== commit],
    ] as const) {
      const { link, header } = canary[side];
      const [name = '', value = ''] = header.split(': ');
      const cookie = (await ask(link, {})).cookie;
      for (let time = 0; time < 5; time++) {
        expect(is((await ask('/version', { [name]: value })).commit)).toBe(true);
        expect(is((await ask('/version', { cookie })).commit)).toBe(true);
      }
    }
    expect((await ask('/version', {})).commit).toBeDefined();
    expect(canary.preview.link).not.toContain(stable);

    await command('abort');
    await pushing;
    expect((await ask(canary.stable.link, {})).status).toBe(410);
  });

  test('a canary without users pauses until an operator resumes it or users come', async () => {
    const quiet = { ...SHORT, patience: 1 };
    const pushed = await clone.release({ config: { canary: quiet } });
    const { id } = pushed.deployment;

    expect(pushed.text).toMatch(
      /the canary stays at 10 %: not enough data: .* requests that a verdict needs; \.\/switchyard/,
    );
    expect(stateOf(id)).toBe('holding');
    const again = await command('resume');
    expect(again).toMatchObject({ code: 3, text: expect.stringContaining('! PAUSED: deployment') });
    expect(pauses(id)).toBe(2);
    // continues by itself when users come
    await users();
    expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
  });

  test('a canary without users probes both sides itself if configured to', async () => {
    const { text } = expectLive(
      await clone.release({
        config: { canary: { ...SHORT, tooFew: 'probe' }, app: { smoke: ['/work'] } },
      }),
    );
    expect(text).toMatch(/10 %: 0 of 2\d failed/);
  });

  test('all users return to the stable release when the deployment process is killed', async () => {
    const before = await clone.state();
    const { pushing, id } = await startCanary();

    kill(clone.deployments().find((each) => each.id === id)?.pid);

    expect(await untilOver(clone, id)).toMatchObject({ state: 'interrupted' });
    await pushing;
    expect(await clone.state()).toEqual(before);
  });

  test('a push during a canary waits, or replaces it if configured to', async () => {
    const first = await startCanary();
    const second = clone.release({ config: { canary: { ...LONG, onPush: 'supersede' } } });
    const waiting = await until('a push that waits', () =>
      clone.deployments().find(({ state }) => state === 'queued'),
    );
    expect(stateOf(first.id)).toBe('running');
    await command('abort', String(first.id));
    await first.pushing;

    await until('the next canary', () => phases(waiting).includes('judge'));
    const newer = clone.release({ config: { canary: { ...SHORT, onPush: 'supersede' } } });
    await users();
    expectLive(await newer);
    expect((await second).verdict).toMatch(/takes its place/);
    expect(stateOf(waiting.id)).toBe('aborted');
  });

  test('an A/B test reports its intervals and one plain sentence', async () => {
    const config = {
      canary: { steps: [50, 'pause' as const], seconds: 1, minRequests: 20, goal: { path: '/work' } },
    };
    await users();
    const { text, deployment } = await clone.release({ config });
    expect(text).toMatch(
      /A\/B at 50 %: A \(stable\) .* visitors?, B \(canary\) .*: no difference shown; about [\d,]+ more/,
    );
    expect(stateOf(deployment.id)).toBe('holding');
    expectDone(await command('promote'));
  });

  test('visitors keep their version while the share grows, and the A/B test reports which version reaches its goal', async () => {
    // the old version answers 404 at the goal
    expectLive(await clone.release({ behaviour: { goal: 404 }, config: { strategy: 'blue-green' } }));
    const { pushing, id, commit } = await startCanary({
      steps: [10, 'pause', 50, 'pause'],
      seconds: 0,
      minRequests: 5,
      goal: { path: '/goal', status: 200 },
    });

    const untilPaused = (): Promise<boolean> =>
      until('its pause', async () => {
        await visits();
        return stateOf(id) === 'holding';
      });

    await untilPaused();
    const first = await visits();
    const resumed = command('resume');
    await until('a larger share', () => share() === 50);
    await untilPaused();
    const second = await visits();
    expect(await visits()).toEqual(second);
    const [few, more] = [first, second].map((met) => VISITORS.filter((who) => met[who] === commit));
    expect(few?.length).toBeGreaterThan(0);
    expect(more?.length).toBeGreaterThan((few as string[]).length);
    expect(more).toEqual(expect.arrayContaining(few as string[]));

    expect((await resumed).code).toBe(3);
    const { text } = await command('promote');
    await pushing;
    expect(text).toMatch(
      /A\/B at 50 %: A \(stable\) 0\.0 % .* of \d+ visitors, B \(canary\) [\d.]+ % .* of \d+ visitors: B is better by [\d.]+ to [\d.]+ points \(95 %\)/,
    );
  });

  test('an A/B goal can be a header of the app', async () => {
    const { pushing } = await startCanary(
      { steps: [50, 100], goal: { header: 'signup' } },
      { behaviour: { says: 'signup' } },
    );
    await visits();
    const { text } = await command('promote');
    await pushing;
    expect(text).toMatch(/A \(stable\) 0\.0 % .* of \d+ visitors, B .*: B is better by /);
  });
});

const users = async (more: Partial<LoadOptions> = {}): Promise<Load> => {
  load = startLoad({ port: clone.ports.http, ...USERS, ...more });
  await load.more(50);
  return load;
};

/** Pushes a release and waits until its canary is at the long first step. */
async function startCanary(
  canary: object = {},
  change: Change = {},
): Promise<{ pushing: Promise<Pushed>; id: number; commit: string }> {
  const last = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ ...change, config: { canary: { ...LONG, ...canary } } });
  return until('a canary at its first step', () => {
    const newest = clone.deployments().at(-1);
    if (!newest || newest.id <= last || !phases(newest).includes('judge')) return false;
    return { pushing, id: newest.id, commit: newest.commit as string };
  });
}

/** Fixed visitors, so that no test depends on randomness. */
const VISITORS = Array.from({ length: 100 }, (_, who) => createHash('md5').update(String(who)).digest('hex'));

/** Sends one request per visitor and, for every second one, a request to the goal. Returns the commit each one got. */
async function visits(): Promise<Record<string, string>> {
  const met = await Promise.all(
    VISITORS.map(async (who, number) => {
      const cookie = { cookie: `switchyard_cohort=${who}` };
      const { commit } = await ask('/version', cookie);
      if (number % 2 === 0) expect((await ask('/goal', cookie)).commit).toBe(commit);
      return [who, commit];
    }),
  );
  return Object.fromEntries(met) as Record<string, string>;
}

const share = (): number | undefined => clone.table().shares?.[0]?.buckets;

const command = (...words: string[]): Promise<CommandResult> => clone.switchyard(...words);

function stateOf(id: number): Deployment['state'] | undefined {
  return clone.deployments().find((each) => each.id === id)?.state;
}

function eventsOf(id: number): JournalEvent[] {
  const journal = clone.journal();
  const events = journal.since(0, id);
  journal.close();
  return events;
}

/** The phases that have started, without those of an undo. */
function phases({ id }: Deployment): string[] {
  return eventsOf(id).flatMap(({ entry }) =>
    entry.type === 'phase' && entry.status === 'started' && !entry.undo ? [entry.phase] : [],
  );
}

function pauses(id: number): number {
  return eventsOf(id).filter(
    ({ entry }) => entry.type === 'note' && entry.message.includes('not enough data'),
  ).length;
}

function shiftedAt({ id }: Deployment): number {
  const shift = eventsOf(id).find(({ entry }) => entry.type === 'phase' && entry.phase === 'judge');
  return shift?.at as number;
}

interface VersionAnswer {
  status: number;
  cookie: string;
  commit: string;
}

function ask(where: string, headers: Record<string, string>): Promise<VersionAnswer> {
  const url = new URL(where, `http://localhost:${clone.ports.http}`);
  const options = {
    host: '127.0.0.1',
    port: url.port,
    path: url.pathname + url.search,
    agent: false,
    headers,
  };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
        const { commit = '' } = (text.startsWith('{') ? JSON.parse(text) : {}) as { commit?: string };
        resolve({ status: response.statusCode ?? 0, cookie, commit });
      });
    })
      .on('error', reject)
      .end();
  });
}
