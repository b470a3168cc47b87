/**
 * Every step from which a release can fail, each time under the eyes of users: traffic, processes and disk are
 * afterwards as they were, and the push's last line names the cause.
 */
import { createServer, type Server } from 'node:net';
import { badCause } from '../../deploy/core/rollback-target';
import { ERRORS, type ErrorCode } from '../../deploy/core/errors';
import type { Deployment, Fault } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { portHolder } from '../../deploy/os/port-holder';
import { BASE_IMAGE } from '../support/docker';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { startLoad, type Failure, type Load, type LoadRequest } from '../support/load';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

const BAKE_SECONDS = 30;
/** limits.start, as it is where a story says nothing else. */
const START_LIMIT_MS = 60_000;

const GREEDY = 'const taken = []; setInterval(() => taken.push(Buffer.alloc(16e6, 1)), 5);';

let clone: TinyClone;
let load: Load | undefined;

type Story = [string, Change, ErrorCode, RegExp];

/** From the moment the runtime is asked for something. */
const AT_THE_START: Story[] = [
  [
    'a failing migration',
    { config: { app: { migrate: failing('Error: no such table') } } },
    'E_MIGRATE',
    /The migration exited with code 4: Error: no such table\.$/,
  ],
  [
    'an exit at its start',
    { behaviour: { exits: true }, config: { limits: { start: 60 } } },
    'E_EXITED',
    /exited with code 3 in blue: Error: no database at \/nowhere$/,
  ],
  [
    'no answer',
    { behaviour: { silent: true }, config: { limits: { start: 3 } } },
    'E_UNHEALTHY',
    /\/health in blue answered connection refused/,
  ],
  ['an error as health', { behaviour: { health: 500 } }, 'E_UNHEALTHY', /\/health in blue answered 500/],
  [
    "another commit's answer",
    { behaviour: { commit: 'c'.repeat(40) } },
    'E_WRONG_PROCESS',
    /The health answer in blue names commit ccccccc instead of [0-9a-f]{7}\.$/,
  ],
  [
    "an old process's instance",
    { behaviour: { instance: 'old' } },
    'E_WRONG_PROCESS',
    /The health answer in blue names instance old instead of the one just started\.$/,
  ],
  [
    'a missing smoke path',
    { config: { app: { smoke: ['/work', '/not-there'] } } },
    'E_SMOKE',
    /\/not-there in blue answered 404/,
  ],
];

/** What a probe meets is the same whatever runs it. */
const BY_THE_PROBE: Story[] = [
  [
    'a smoke path that answers too late, however often it is asked',
    { config: { app: { smoke: ['/too-late'] } } },
    'E_SMOKE',
    /\/too-late in blue answered no answer in 2000 ms/,
  ],
];

/** The same places, where another release than the warm one has to make way for it. */
const WHERE_ONE_MAKES_WAY: Story[] = [
  ['exits', { behaviour: { exits: true } }, 'E_EXITED', /exited with code 3 in/],
  ['is not healthy', { behaviour: { health: 500 } }, 'E_UNHEALTHY', /\/health in \w+ answered 500/],
  [
    "answers with another's commit",
    { behaviour: { commit: 'c'.repeat(40) } },
    'E_WRONG_PROCESS',
    /names commit ccccccc instead of/,
  ],
  [
    'takes every question and answers none',
    { behaviour: { hangs: true }, config: { limits: { start: 3 } } },
    'E_UNHEALTHY',
    /\/health in \w+ answered no answer in 2000 ms/,
  ],
];

/** What is done before, in the release's folder, is the same whatever runs it then. */
const IN_THE_FOLDER: Story[] = [
  [
    'no lockfile',
    { manifest: { dependencies: { express: '^5.0.0' } } },
    'E_INSTALL',
    /This commit has no package-lock\.json\.$/,
  ],
  [
    'a lockfile that does not fit',
    { manifest: { dependencies: { express: '^5.0.0' } }, files: { 'npm-shrinkwrap.json': emptyLock() } },
    'E_INSTALL',
    /package-lock\.json does not fit package\.json: Missing: express/,
  ],
  [
    'failing tests',
    { config: { app: { test: failing('Error: 2 is not 3') } } },
    'E_TEST',
    /code 4: Error: 2 is not 3$/,
  ],
  [
    'tests without an end',
    { config: { limits: { test: 1 }, app: { test: ['node', '-e', 'setTimeout(() => {}, 60_000)'] } } },
    'E_TIMEOUT',
    /The tests \(.*\) took longer than 1 s \(limits\.test\); as little as [\d,]+ MB of memory was free\.$/,
  ],
  [
    'a failing build',
    { config: { app: { build: failing('Error: no such module') } } },
    'E_BUILD',
    /code 4: Error: no such module$/,
  ],
  [
    'no start file',
    { config: { app: { start: 'dist/nothing.js' } } },
    'E_BUILD',
    /has no dist\/nothing\.js, which app\.start names/,
  ],
];

/** What an image holds is known once it runs. */
const IN_THE_IMAGE: Story[] = [
  [
    'a failing build of its image',
    { files: { Dockerfile: `FROM ${BASE_IMAGE}\nRUN node -e "throw new Error('no such module')"\n` } },
    'E_IMAGE',
    /The image could not be built: Error: no such module$/,
  ],
  ['no Dockerfile', { files: { Dockerfile: null } }, 'E_IMAGE', /This commit has no Dockerfile\.$/],
  [
    'more memory than it may have',
    { files: { 'app/server.js': GREEDY }, config: { compose: { memory: '64m' } } },
    'E_EXITED',
    /exited with code 137 in blue: it ran out of memory \(limit 64m\)$/,
  ],
  [
    'no start file',
    { config: { app: { start: 'dist/nothing.js' } } },
    'E_BUILD',
    /(^|: )This commit has no dist\/nothing\.js, which app\.start names/,
  ],
];

forEachRuntime((runtime) => {
  beforeAll(async () => {
    // bakes are off where a test does not need one
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterEach(() => load?.stop());
  afterAll(() => clone.cleanUp());

  describe('with nothing in the idle slot', () => {
    let stranger: Server | undefined;
    afterEach(() => stranger?.close());

    it("leaves a stranger's process alone that holds the idle slot's port, and says who it is", async () => {
      stranger = createServer();
      await new Promise<void>((resolve) => stranger?.listen(clone.ports.green, '127.0.0.1', resolve));
      const before = await clone.state();

      const said = await underLoad(() => clone.release());

      expect(said.verdict).toMatch(
        new RegExp(
          `^✗ NOT LIVE\\. Still serving .*: green: Port ${clone.ports.green} is held by \\S+ \\(pid ${process.pid}\\)\\.$`,
        ),
      );
      expectFailure(said, { state: 'failed', errorCode: 'E_STRANGER_ON_PORT', fault: 'machine' });
      expect(await clone.state()).toEqual(before);
      expect(portHolder(clone.ports.green)?.pid).toBe(process.pid);

      // the same from a terminal, whose exit code a script reads
      const command = await clone.switchyard('deploy');
      expect(command.code).toBe(1);
      expect(command.text.trimEnd().split('\n').at(-1)).toContain(`Port ${clone.ports.green} is held by`);
    });

    it('leaves the idle slot empty when a release did not start in it', async () => {
      const before = await clone.state();

      const said = await clone.release({ behaviour: { exits: true } });

      expectFailure(said, { state: 'failed', errorCode: 'E_EXITED', fault: 'commit' });
      expect(await clone.state()).toEqual(before);
      expect(before.slots.map(({ slot }) => slot)).toEqual(['blue']);
    });
  });

  describe('with the release before warm in the idle slot', () => {
    beforeAll(async () => {
      expectLive(await clone.release());
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    });

    it.each([...(runtime === 'pm2' ? [...IN_THE_FOLDER, ...BY_THE_PROBE] : IN_THE_IMAGE), ...AT_THE_START])(
      'takes back a release with %s',
      async (_, change, errorCode, cause) => {
        const before = await clone.state();

        const said = await underLoad(() => clone.release(change));

        expect(said.verdict).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 \([0-9a-f]{7}\): /);
        expect(said.verdict).toMatch(cause);
        expectFailure(said, { state: 'failed', errorCode, fault: ERRORS[errorCode].fault });
        expect(said.deployment.cause).toMatch(cause);
        expect(await clone.state()).toEqual(before);
        // every failure at the start is seen when it happens, and not when limits.start is over
        expect(took(said.deployment)).toBeLessThan(START_LIMIT_MS);
      },
    );

    describe('after it went live', () => {
      const baking: Change = { config: { bake: { seconds: BAKE_SECONDS } } };

      it('takes back a release that exits', async () => {
        const before = await clone.state();

        const said = await underLoad(() => releaseAnd(baking, (commit) => clone.order(commit, 'exit')));

        expect(said.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .* exited with code 7 in blue: Error: the heap is full$/,
        );
        expectFailure(said, { state: 'rolled-back', errorCode: 'E_EXITED', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
      });

      it('takes back a release that becomes unhealthy', async () => {
        const before = await clone.state();

        const said = await underLoad(() => releaseAnd(baking, (commit) => clone.order(commit, 'unhealthy')));

        expect(said.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .*: \/health in blue answered 500 .*the database is gone/,
        );
        expectFailure(said, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
      });

      // whatever runs it, it was nginx that counted, and a person who spoke
      if (runtime === 'compose') return;

      it('takes back a release whose health is good but whose users get errors', async () => {
        const before = await clone.state();
        load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix: [WORK] });
        await load.more(50);

        const said = await releaseAnd(baking, (commit) => clone.order(commit, 'fail-work'));

        expect(said.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .*: blue: \d+ of \d+ requests failed \([\d.]+ %, before 0\.0 %\)\.$/,
        );
        expectFailure(said, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
        const { failed } = await load.stop();
        // nothing failed but what the release itself has answered
        expect(failed.filter(({ status }) => status !== 500)).toEqual([]);
      });

      it('goes back at once when an operator says so, and calls the release none the worse for it', async () => {
        const before = await clone.serving();
        let back = Promise.resolve({ code: -1, text: '' });

        const said = await underLoad(() =>
          releaseAnd(baking, () => {
            back = clone.switchyard('rollback');
          }),
        );

        expectDone(await back);
        expect((await back).text.trimEnd().split('\n').at(-1)).toMatch(/^✓ LIVE in [\d.]+ m?s: .* on green$/);
        expect(await clone.serving()).toEqual(before);
        expect(clone.table().active).toBe('green');
        expect(said.verdict).toBe('✗ NOT LIVE any more: an operator rolled it back during its bake');
        const baked = clone
          .deployments()
          .find(({ commit, kind }) => commit === said.commit && kind === 'deploy');
        expect(baked).toMatchObject({ state: 'rolled-back', fault: 'operator', errorCode: null });
        expect(badCause(clone.deployments(), said.commit)).toBeNull();
        expect((await clone.slot('blue')).commit).toBe(said.commit);
      });
    });

    // told over containers in strategies.test.ts; and the configuration is read before a runtime is chosen
    if (runtime === 'compose') return;

    describe.each(['in-place', 'rolling'] as const)('with the strategy %s', (strategy) => {
      const by = (change: Change): Change => ({ ...change, config: { ...change.config, strategy } });
      const baking = by({ config: { bake: { seconds: BAKE_SECONDS } } });
      /** In-place, and nowhere else, users are told to come back; and nobody is, where nothing was taken away. */
      const unasked = (failed: Failure[]): Failure[] =>
        failed.filter(({ status, retryAfter }) => !(strategy === 'in-place' && status === 503 && retryAfter));

      it.each(WHERE_ONE_MAKES_WAY)('takes back a release that %s', async (_, change, errorCode, cause) => {
        const before = await atRest();

        const { result: said, failed } = await withUsers(VERSION, () => clone.release(by(change)));

        expect(said.verdict).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 \([0-9a-f]{7}\): /);
        expect(said.verdict).toMatch(cause);
        expectFailure(said, { state: 'failed', errorCode, fault: 'commit' });
        expect(unasked(failed)).toEqual([]);
        expect(await atRest()).toEqual(before);
      });

      it('takes back a release that exits once it is live', async () => {
        const before = await atRest();

        const { result: said, failed } = await withUsers(VERSION, () =>
          releaseAnd(baking, (commit) =>
            clone.order(commit, strategy === 'rolling' ? 'exit in blue' : 'exit'),
          ),
        );

        expect(said.verdict).toMatch(/ exited with code 7 in \w+: Error: the heap is full$/);
        expectFailure(said, { state: 'rolled-back', errorCode: 'E_EXITED', fault: 'commit' });
        // in-place, nothing stands behind the one that has died
        expect(unasked(failed).filter(({ status }) => strategy === 'rolling' || status !== 502)).toEqual([]);
        expect(await atRest()).toEqual(before);
      });

      it('takes back a release whose health is good but whose users get errors', async () => {
        const before = await atRest();

        const { result: said, failed } = await withUsers(WORK, () =>
          releaseAnd(baking, (commit) => clone.order(commit, 'fail-work')),
        );

        expect(said.verdict).toMatch(/: [a-z, ]+: \d+ of \d+ requests failed \([\d.]+ %, before 0\.0 %\)\.$/);
        expectFailure(said, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        // nothing failed but what the release itself has answered
        expect(unasked(failed).filter(({ status }) => status !== 500)).toEqual([]);
        expect(await atRest()).toEqual(before);
      });
    });

    it('takes back a rolling release of which a slot has died on the way, though it was started again and nothing bakes', async () => {
      const before = await atRest();
      const hooks = { 'before live': ['node', '-e', killAndWait(clone.ports.blue)] };

      const said = await underLoad(() => clone.release({ config: { strategy: 'rolling', hooks } }));

      expect(said.verdict).toMatch(/^✗ NOT LIVE\. Still serving .* exited .* in blue/);
      expectFailure(said, { state: 'rolled-back', errorCode: 'E_EXITED', fault: 'commit' });
      expect(await atRest()).toEqual(before);
    });

    const slips: [string, string, ErrorCode, RegExp, RegExp][] = [
      [
        'deploy.config.js',
        'module.exports = { app: { helth: "/health" } };\n',
        'E_CONFIG',
        /deploy\.config\.js: unknown key "app\.helth"/,
        /deploy\.config\.js: unknown key "app\.helth"/,
      ],
      [
        'package.json',
        '{ "name": ',
        'E_INSTALL',
        /deploy\.config\.js cannot be read: .*package/,
        /package\.json is not valid JSON/,
      ],
    ];

    it.each(slips)('names what is wrong with a broken %s', async (file, text, errorCode, here, cause) => {
      const before = await clone.state();
      clone.change({ files: { [file]: text } });
      const commit = await clone.commit('a slip of the pen');

      // the kit of this clone reads the very same file: it goes on with the configuration that it has checked last
      const pushed = await clone.git('push', 'live', 'main');
      expect(pushed.text).toMatch(
        new RegExp(`! .*${here.source}.*; Switchyard keeps using the last valid configuration`),
      );
      expect(verdictOf(pushed.text)).toMatch(/^✗ NOT LIVE\. Still serving /);
      expect(verdictOf(pushed.text)).toMatch(cause);
      expect(await clone.state()).toEqual(before);

      // in the commit alone, as when somebody else has pushed it
      clone.change({});
      const command = await clone.switchyard('deploy', commit);
      expect(command.code).toBe(1);
      const verdict = command.text.trimEnd().split('\n').at(-1);
      expect(verdict).toMatch(/^✗ NOT LIVE\. Still serving /);
      expect(verdict).toMatch(cause);
      expectFailure({ commit, deployment: newest() }, { state: 'failed', errorCode, fault: 'commit' });
      expect(await clone.state()).toEqual(before);
    });
  });
});

const VERSION: LoadRequest = { method: 'GET', path: '/version' };
const WORK: LoadRequest = { method: 'GET', path: '/work' };

/** Does it while users ask, and expects that none of them has noticed. */
async function underLoad<T>(does: () => Promise<T>): Promise<T> {
  const { result, failed } = await withUsers(VERSION, does);
  expect(failed).toEqual([]);
  return result;
}

/** Does it while users ask, and says what they did not get. */
async function withUsers<T>(
  question: LoadRequest,
  does: () => Promise<T>,
): Promise<{ result: T; failed: Failure[] }> {
  load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix: [question] });
  await load.more(10);
  const result = await does();
  await load.more(10);
  const { failed } = await load.stop();
  return { result, failed };
}

/** What must be as it was where a slot that serves was replaced and put back: its process is another one. */
async function atRest(): Promise<object> {
  const { serving, ...rest } = await clone.state();
  return { ...rest, commit: serving.commit };
}

/** The program that ends the process at a port, and waits until another is there. */
function killAndWait(port: number): string {
  return `(async () => {
    const ask = () => fetch('http://127.0.0.1:${port}/version').then((answer) => answer.json(), () => ({}));
    const { pid } = await ask();
    process.kill(pid, 'SIGKILL');
    for (let now; !now || now === pid; now = (await ask()).pid) await new Promise((next) => setTimeout(next, 20));
  })();`;
}

/** Pushes, and does something as soon as the release is live. */
async function releaseAnd(change: Change, whenLive: (commit: Commit) => void): Promise<Pushed> {
  const before = newest().id;
  const journal = clone.journal();
  const pushing = clone.release(change);
  let over = false;
  pushing.finally(() => (over = true)).catch(() => undefined);
  try {
    for (;;) {
      const baking = journal.pending().find(({ id, state }) => id > before && state === 'baking');
      if (baking) {
        whenLive(baking.commit as Commit);
        break;
      }
      if (over) throw new Error(`it never went live: ${(await pushing).text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    journal.close();
  }
  return pushing;
}

function expectFailure(
  { commit, deployment }: Pick<Pushed, 'commit' | 'deployment'>,
  told: { state: Deployment['state']; errorCode: ErrorCode; fault: Fault },
): void {
  expect(deployment).toMatchObject({ commit, ...told });
  expect(deployment.cause).not.toContain('\n');
  const isBad = badCause(clone.deployments(), commit) !== null;
  expect(isBad).toBe(told.fault === 'commit');
}

function took({ startedAt, finishedAt }: Deployment): number {
  return (finishedAt ?? Infinity) - (startedAt ?? 0);
}

function newest(): Deployment {
  return clone.deployments().at(-1) as Deployment;
}

function failing(text: string): string[] {
  return ['node', '-e', `console.error(${JSON.stringify(text)}); process.exit(4)`];
}

function emptyLock(): string {
  const packages = { '': { name: 'tiny', version: '1.0.0' } };
  return JSON.stringify({ name: 'tiny', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
}
