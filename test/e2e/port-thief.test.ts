/**
 * Another process takes an app's port in the instant the app exits. It even repeats the app's own answer, which it can
 * have read at the health path before. Not one request may reach it once the deployer has noticed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { incidents, kill, lastEvent } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Load } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

const PROGRAM = path.join(__dirname, '..', 'support', 'programs', 'port-thief.js');

const USERS = 4;

let clone: TinyClone;
let thief: ChildProcess | undefined;
let users: Load;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  expectDone(await clone.start());
});
beforeEach(async () => {
  users = startLoad({
    port: clone.ports.http,
    connections: USERS,
    mix: [{ method: 'GET', path: '/work' }],
    slow: null,
    pauseMs: 5,
  });
  await users.more(20);
});
afterEach(async () => {
  thief?.kill('SIGKILL');
  await users.stop();
});
afterAll(() => clone.cleanUp());

it('without a standby, users get the maintenance page and then the release in the other slot', async () => {
  const before = await clone.serving();
  const since = lastEvent(clone);

  const seen = await steal(before.pid);

  await until('the other slot', () => {
    const { kind, state } = clone.deployments().at(-1) ?? {};
    return kind === 'restore' && state === 'succeeded';
  });
  expect(await clone.serving()).toMatchObject({ commit: before.commit });
  await users.more(50);
  expectShutOut(seen);
  expect(incidents(clone, since)).toContainEqual(
    expect.stringMatching(/^port \d+ of blue was taken by node \(pid \d+\); users get the maintenance page$/),
  );
});

it('with a standby, it gets the users at once, and the release is not blamed', async () => {
  expectLive(await clone.release({ files: { 'more/a.txt': 'a' } }));
  const live = await clone.serving();
  expect(clone.table()).toMatchObject({ active: 'blue', standby: 'green' });
  const since = lastEvent(clone);

  const seen = await steal(live.pid);

  await until('the standby', () => clone.table().active === 'green');
  await users.more(50);
  expectShutOut(seen);
  expect(incidents(clone, since)).toContainEqual(
    expect.stringMatching(
      /^port \d+ of blue was taken by node \(pid \d+\); green serves its users meanwhile$/,
    ),
  );
  thief?.kill('SIGKILL');
  await until('its users back', () => clone.table().active === 'blue');
  expect(await clone.serving()).toMatchObject({ commit: live.commit });
  expect(clone.deployments().at(-1)).toMatchObject({ kind: 'deploy', state: 'succeeded' });
});

interface Line {
  what: 'trying' | 'listening' | 'request';
  at: number;
}

/** Kills the app and takes blue's port. Returns what the thief prints, from the theft on. */
async function steal(pid: number): Promise<Line[]> {
  const { text: health } = await clone.get('/health');
  const child = spawn(process.execPath, [PROGRAM, String(clone.ports.blue), health], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  thief = child;
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  await until('the thief', () => lines.some(({ what }) => what === 'trying'));
  kill(pid);
  await until('the theft', () => lines.some(({ what }) => what === 'listening'));
  return lines;
}

/** The incident is recorded when the table has changed. By then each user has at most one request on its way. */
function expectShutOut(lines: Line[]): void {
  const journal = clone.journal();
  const incident = journal.incidents(20).find(({ reason }) => reason === 'port-taken');
  journal.close();
  const late = lines.filter(({ what, at }) => what === 'request' && at > (incident?.at ?? 0));
  expect(late.length).toBeLessThanOrEqual(USERS);
}
