/**
 * Every step at which a release can fail, under load: afterwards traffic, processes and disk are restored, and the
 * push's last line names the cause.
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
import { until } from '../support/until';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

const BAKE_SECONDS = 30;
/** The default of limits.start. */
const START_LIMIT_MS = 60_000;

const GREEDY = 'const taken = []; setInterval(() => taken.push(Buffer.alloc(16e6, 1)), 5);';

let clone: TinyClone;
let load: Load | undefined;

type FailureCase = [string, Change, ErrorCode, RegExp];

/** Failures after the runtime is first used. */
const AT_THE_START: FailureCase[] = [
  [
    'a failing migration',
    { config: { app: { migrate: failing('Error: no such table') } } },
    'E_MIGRATE',
    /The migration exited with code 4: Error: no such table\.$/,
  ],
  [
    'an exit at startup',
    { behaviour: { exits: true }, config: { limits: { start: 60 } } },
    'E_EXITED',
    /exited with code 3 in blue: Error: no database at \/nowhere$/,
  ],
  [
    'a process that kills itself',
    { behaviour: { killsItself: true } },
    'E_EXITED',
    /in blue was killed by SIGKILL \(as little as [\d,]+ MB of memory was free\), and again when it was restarted$/,
  ],
  [
    'a process that never listens',
    { behaviour: { silent: true }, config: { limits: { start: 3 } } },
    'E_UNHEALTHY',
    /\/health in blue answered connection refused/,
  ],
  ['an unhealthy answer', { behaviour: { health: 500 } }, 'E_UNHEALTHY', /\/health in blue answered 500/],
  [
    'a health answer of another commit',
    { behaviour: { commit: 'c'.repeat(40) } },
    'E_WRONG_PROCESS',
    /The health answer in blue names commit ccccccc instead of [0-9a-f]{7}\.$/,
  ],
  [
    'a health answer of another instance',
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

/** Probe failures that do not depend on the runtime. */
const BY_THE_PROBE: FailureCase[] = [
  [
    'early hints, after which an old nginx holds the response',
    { behaviour: { earlyHintsAt: '/work' }, config: { app: { smoke: ['/work'] } } },
    'E_SMOKE',
    /\/work sends 103 Early Hints: nginx [\d.]+ then holds the response until the app closes the connection/,
  ],
  [
    'a smoke path that always answers too late',
    { config: { app: { smoke: ['/too-late'] } } },
    'E_SMOKE',
    /\/too-late in blue answered no answer in 2000 ms/,
  ],
];

/** The same failures when the new release replaces a slot that is not warm. */
const IN_A_REPLACED_SLOT: FailureCase[] = [
  ['exits', { behaviour: { exits: true } }, 'E_EXITED', /exited with code 3 in/],
  ['is not healthy', { behaviour: { health: 500 } }, 'E_UNHEALTHY', /\/health in \w+ answered 500/],
  [
    'answers with another commit',
    { behaviour: { commit: 'c'.repeat(40) } },
    'E_WRONG_PROCESS',
    /names commit ccccccc instead of/,
  ],
  [
    'accepts every request and answers none',
    { behaviour: { hangs: true }, config: { limits: { start: 3 } } },
    'E_UNHEALTHY',
    /\/health in \w+ answered no answer in 2000 ms/,
  ],
];

/** Failures while the release's folder is prepared, which do not depend on the runtime. */
const IN_THE_FOLDER: FailureCase[] = [
  [
    'no lockfile',
    { manifest: { dependencies: { express: '^5.0.0' } } },
    'E_INSTALL',
    /This commit has no package-lock\.json\.$/,
  ],
  [
    'a lockfile that does not match',
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
    'tests that never end',
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

/** Failures of an image. */
const IN_THE_IMAGE: FailureCase[] = [
  [
    'a failing build of its image',
    { files: { Dockerfile: `FROM ${BASE_IMAGE}\nRUN node -e "throw new Error('no such module')"\n` } },
    'E_IMAGE',
    /The image could not be built: Error: no such module$/,
  ],
  ['no Dockerfile', { files: { Dockerfile: null } }, 'E_IMAGE', /This commit has no Dockerfile\.$/],
  [
    'more memory than its limit',
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
    // no bake unless a test needs one
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterEach(() => load?.stop());
  afterAll(() => clone.cleanUp());

  describe('with an empty idle slot', () => {
    let otherServer: Server | undefined;
    afterEach(() => otherServer?.close());

    it("a deployment leaves another process on the idle slot's port alone and names it", async () => {
      otherServer = createServer();
      await new Promise<void>((resolve) => otherServer?.listen(clone.ports.green, '127.0.0.1', resolve));
      const before = await clone.state();

      const result = await underLoad(() => clone.release());

      expect(result.verdict).toMatch(
        new RegExp(
          `^✗ NOT LIVE\\. Still serving .*: green: Port ${clone.ports.green} is held by \\S+ \\(pid ${process.pid}\\)\\.$`,
        ),
      );
      expectFailure(result, { state: 'failed', errorCode: 'E_STRANGER_ON_PORT', fault: 'machine' });
      expect(await clone.state()).toEqual(before);
      expect(portHolder(clone.ports.green)?.pid).toBe(process.pid);

      // the same with the command, whose exit code scripts check
      const command = await clone.switchyard('deploy');
      expect(command.code).toBe(1);
      expect(verdictOf(command.text)).toContain(`Port ${clone.ports.green} is held by`);
    });

    it("a release that another process kills while it is verified is rolled back as the machine's fault", async () => {
      const before = await clone.state();
      const pushing = clone.release({ behaviour: { silent: true } });
      const pid = await until('the new process', async () => {
        const running = (await clone.slots()).find(({ slot }) => slot === 'green');
        return running?.pid;
      });

      process.kill(pid, 'SIGKILL');

      const result = await pushing;
      expect(result.verdict).toMatch(
        /in green was killed by SIGKILL \(as little as [\d,]+ MB of memory was free\)$/,
      );
      expectFailure(result, { state: 'failed', errorCode: 'E_KILLED', fault: 'machine' });
      expect(await clone.state()).toEqual(before);
    });

    it('a release that does not start leaves the idle slot empty', async () => {
      const before = await clone.state();

      const result = await clone.release({ behaviour: { exits: true } });

      expectFailure(result, { state: 'failed', errorCode: 'E_EXITED', fault: 'commit' });
      expect(await clone.state()).toEqual(before);
      expect(before.slots.map(({ slot }) => slot)).toEqual(['blue']);
    });
  });

  describe('with the previous release warm in the idle slot', () => {
    beforeAll(async () => {
      expectLive(await clone.release());
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    });

    it('a release that closes idle connections before nginx does is named', async () => {
      const { code, text } = await clone.release({ behaviour: { idleMs: 300 } });
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringMatching(
          /closes idle connections after \d+ ms, and nginx only after 1 s/,
        ) as string,
      });
      expectLive(await clone.release());
    });

    it.each([...(runtime === 'pm2' ? [...IN_THE_FOLDER, ...BY_THE_PROBE] : IN_THE_IMAGE), ...AT_THE_START])(
      'a release with %s is rolled back',
      async (_, change, errorCode, cause) => {
        const before = await clone.state();

        const result = await underLoad(() => clone.release(change));

        expect(result.verdict).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 \([0-9a-f]{7}\): /);
        expect(result.verdict).toMatch(cause);
        expectFailure(result, { state: 'failed', errorCode, fault: ERRORS[errorCode].fault });
        expect(result.deployment.cause).toMatch(cause);
        expect(await clone.state()).toEqual(before);
        // a failed start is noticed when it happens, not after limits.start
        expect(took(result.deployment)).toBeLessThan(START_LIMIT_MS);
      },
    );

    describe('after it went live', () => {
      const baking: Change = { config: { bake: { seconds: BAKE_SECONDS } } };

      it('a release that exits is rolled back', async () => {
        const before = await clone.state();

        const result = await underLoad(() => releaseAnd(baking, (commit) => clone.order(commit, 'exit')));

        expect(result.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .* exited with code 7 in blue: Error: the heap is full$/,
        );
        expectFailure(result, { state: 'rolled-back', errorCode: 'E_EXITED', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
      });

      it('a release that becomes unhealthy is rolled back', async () => {
        const before = await clone.state();

        const result = await underLoad(() =>
          releaseAnd(baking, (commit) => clone.order(commit, 'unhealthy')),
        );

        expect(result.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .*: \/health in blue answered 500 .*the database is gone/,
        );
        expectFailure(result, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
      });

      // errors counted by nginx and operator commands do not depend on the runtime
      if (runtime === 'compose') return;

      it('a release that is healthy but fails users is rolled back', async () => {
        const before = await clone.state();
        load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix: [WORK] });
        await load.more(50);

        const result = await releaseAnd(baking, (commit) => clone.order(commit, 'fail-work'));

        expect(result.verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .*: blue: \d+ of \d+ requests failed \([\d.]+ %, before 0\.0 %\)\.$/,
        );
        expectFailure(result, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        expect(await clone.state()).toEqual(before);
        const { failed } = await load.stop();
        // only the release's own answers failed
        expect(failed.filter(({ status }) => status !== 500)).toEqual([]);
      });

      it("an operator's rollback takes effect immediately and does not mark the release bad", async () => {
        const before = await clone.serving();
        let back = Promise.resolve({ code: -1, text: '' });

        const result = await underLoad(() =>
          releaseAnd(baking, () => {
            back = clone.switchyard('rollback');
          }),
        );

        expectDone(await back);
        expect(verdictOf((await back).text)).toMatch(/^✓ LIVE in [\d.]+ m?s: .* on green$/);
        expect(await clone.serving()).toEqual(before);
        expect(clone.table().active).toBe('green');
        expect(result.verdict).toBe('✗ NOT LIVE any more: an operator rolled it back during its bake');
        const baked = clone
          .deployments()
          .find(({ commit, kind }) => commit === result.commit && kind === 'deploy');
        expect(baked).toMatchObject({ state: 'rolled-back', fault: 'operator', errorCode: null });
        expect(badCause(clone.deployments(), result.commit)).toBeNull();
        expect((await clone.slot('blue')).commit).toBe(result.commit);
      });
    });

    // strategies.test.ts covers containers, and the configuration is read before a runtime is chosen
    if (runtime === 'compose') return;

    describe.each(['in-place', 'rolling'] as const)('with the strategy %s', (strategy) => {
      const by = (change: Change): Change => ({ ...change, config: { ...change.config, strategy } });
      const baking = by({ config: { bake: { seconds: BAKE_SECONDS } } });
      /** Failures other than the maintenance page, which only in-place may show. */
      const unexpected = (failed: Failure[]): Failure[] =>
        failed.filter(({ status, retryAfter }) => !(strategy === 'in-place' && status === 503 && retryAfter));

      it.each(IN_A_REPLACED_SLOT)('a release that %s is rolled back', async (_, change, errorCode, cause) => {
        const before = await atRest();

        const { result, failed } = await withUsers(VERSION, () => clone.release(by(change)));

        expect(result.verdict).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 \([0-9a-f]{7}\): /);
        expect(result.verdict).toMatch(cause);
        expectFailure(result, { state: 'failed', errorCode, fault: 'commit' });
        expect(unexpected(failed)).toEqual([]);
        expect(await atRest()).toEqual(before);
      });

      it('a release that exits once it is live is rolled back', async () => {
        const before = await atRest();

        const { result, failed } = await withUsers(VERSION, () =>
          releaseAnd(baking, (commit) =>
            clone.order(commit, strategy === 'rolling' ? 'exit in blue' : 'exit'),
          ),
        );

        expect(result.verdict).toMatch(/ exited with code 7 in \w+: Error: the heap is full$/);
        expectFailure(result, { state: 'rolled-back', errorCode: 'E_EXITED', fault: 'commit' });
        // in-place has no standby behind a dead process
        expect(unexpected(failed).filter(({ status }) => strategy === 'rolling' || status !== 502)).toEqual(
          [],
        );
        expect(await atRest()).toEqual(before);
      });

      it('a release that is healthy but fails users is rolled back', async () => {
        const before = await atRest();

        const { result, failed } = await withUsers(WORK, () =>
          releaseAnd(baking, (commit) => clone.order(commit, 'fail-work')),
        );

        expect(result.verdict).toMatch(
          /: [a-z, ]+: \d+ of \d+ requests failed \([\d.]+ %, before 0\.0 %\)\.$/,
        );
        expectFailure(result, { state: 'rolled-back', errorCode: 'E_BAKE', fault: 'commit' });
        // only the release's own answers failed
        expect(unexpected(failed).filter(({ status }) => status !== 500)).toEqual([]);
        expect(await atRest()).toEqual(before);
      });
    });

    it('a rolling release is rolled back when one of its slots dies before LIVE, even if it is restarted', async () => {
      const before = await atRest();
      const hooks = { 'before live': ['node', '-e', killAndWait(clone.ports.blue)] };

      const result = await underLoad(() => clone.release({ config: { strategy: 'rolling', hooks } }));

      expect(result.verdict).toMatch(/^✗ NOT LIVE\. Still serving .* in blue was killed by SIGKILL/);
      expectFailure(result, { state: 'rolled-back', errorCode: 'E_KILLED', fault: 'machine' });
      expect(await atRest()).toEqual(before);
    });

    const mistakes: [string, string, ErrorCode, RegExp, RegExp][] = [
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

    it.each(mistakes)(
      'a push with a broken %s fails and names the mistake',
      async (file, text, errorCode, here, cause) => {
        const before = await clone.state();
        clone.change({ files: { [file]: text } });
        const commit = await clone.commit('a mistake');

        // the clone's kit reads the same file, and continues with the last valid configuration
        const pushed = await clone.git('push', 'live', 'main');
        expect(pushed.text).toMatch(
          new RegExp(`! .*${here.source}.*; Switchyard keeps using the last valid configuration`),
        );
        expect(verdictOf(pushed.text)).toMatch(/^✗ NOT LIVE\. Still serving /);
        expect(verdictOf(pushed.text)).toMatch(cause);
        expect(await clone.state()).toEqual(before);

        // only in the commit, as when another developer has pushed it
        clone.change({});
        const command = await clone.switchyard('deploy', commit);
        expect(command.code).toBe(1);
        const verdict = verdictOf(command.text);
        expect(verdict).toMatch(/^✗ NOT LIVE\. Still serving /);
        expect(verdict).toMatch(cause);
        expectFailure({ commit, deployment: newest() }, { state: 'failed', errorCode, fault: 'commit' });
        expect(await clone.state()).toEqual(before);
      },
    );
  });
});

const VERSION: LoadRequest = { method: 'GET', path: '/version' };
const WORK: LoadRequest = { method: 'GET', path: '/work' };

/** Runs an action under load and expects no failed request. */
async function underLoad<T>(action: () => Promise<T>): Promise<T> {
  const { result, failed } = await withUsers(VERSION, action);
  expect(failed).toEqual([]);
  return result;
}

/** Runs an action under load and returns the failed requests. */
async function withUsers<T>(
  request: LoadRequest,
  action: () => Promise<T>,
): Promise<{ result: T; failed: Failure[] }> {
  load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix: [request] });
  await load.more(10);
  const result = await action();
  await load.more(10);
  const { failed } = await load.stop();
  return { result, failed };
}

/** The state without the processes of serving slots, which a rollback of a replaced slot starts again. */
async function atRest(): Promise<object> {
  const { serving, ...rest } = await clone.state();
  return { ...rest, commit: serving.commit };
}

/** A program that kills the process on a port and waits until another one answers. */
function killAndWait(port: number): string {
  return `(async () => {
    const ask = () => fetch('http://127.0.0.1:${port}/version').then((answer) => answer.json(), () => ({}));
    const { pid } = await ask();
    process.kill(pid, 'SIGKILL');
    for (let now; !now || now === pid; now = (await ask()).pid) await new Promise((next) => setTimeout(next, 20));
  })();`;
}

/** Pushes, and calls `whenLive` as soon as the release is live. */
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
  outcome: { state: Deployment['state']; errorCode: ErrorCode; fault: Fault },
): void {
  expect(deployment).toMatchObject({ commit, ...outcome });
  expect(deployment.cause).not.toContain('\n');
  const isBad = badCause(clone.deployments(), commit) !== null;
  expect(isBad).toBe(outcome.fault === 'commit');
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
