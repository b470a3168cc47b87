/** Notifications of the real deployer to a real receiver, whose address was given to npm start. */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Notice } from '../../deploy/core/notices';
import { processesWith } from '../../deploy/os/process-table';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

const TOKEN = 'T0KEN-of-a-channel';

let clone: TinyClone;
let receiver: Server;
let received: Notice[] = [];
let hangs = false;
/** Requests the receiver has not answered. */
const open: ServerResponse[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      received.push(JSON.parse(text) as Notice);
      if (hangs) open.push(response);
      else response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  clone = await tinyClone({ bake: { seconds: 0 } }, { NOTIFY_URL: `http://127.0.0.1:${port}/${TOKEN}` });
  expectDone(await clone.start());
  // the first release is reported too
  await until('the first notice', () => received.length === 1);
});
beforeEach(() => {
  received = [];
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await clone.cleanUp();
});

it('a successful push, a failed one and a rollback are each reported with the live release', async () => {
  const { commit: old } = await clone.serving();

  // each notice names the release that is live when it is sent
  const arrived = (count: number): Promise<unknown> =>
    until(`${count} notices`, () => received.length === count);

  const pushed = await clone.release();
  await arrived(1);
  const failed = await clone.release({ behaviour: { exits: true } });
  await arrived(2);
  expectDone(await clone.switchyard('rollback'));
  await arrived(3);

  const [live, bad, back] = received as [Notice, Notice, Notice];
  expect(live).toMatchObject({
    event: 'live',
    deployment: { id: pushed.deployment.id, commit: pushed.commit },
    serving: { commit: pushed.commit },
    behind: null,
  });
  expect(live.text).toContain(`v1.0.0 (${short(pushed.commit)})`);
  expect(bad).toMatchObject({
    event: 'failed',
    deployment: { errorCode: 'E_EXITED', cause: failed.deployment.cause },
    serving: { commit: pushed.commit },
  });
  expect(back).toMatchObject({ event: 'rolled-back', serving: { commit: old } });
  expect(back.text).toContain(`production runs v1.0.0 (${short(old)}), not v1.0.0 (${short(pushed.commit)})`);
});

it('notify test sends a test notification and names the receiver by its host only', async () => {
  const result = await clone.switchyard('notify', 'test');

  expectDone(result);
  expect(result.text).toMatch(/^✓ 127\.0\.0\.1:\d+: answered 200$/m);
  expect(received).toMatchObject([{ event: 'test' }]);
  expect(result.text).not.toContain(TOKEN);
});

it('a hanging receiver delays no deployment', async () => {
  hangs = true;
  try {
    expectLive(await clone.release());
    await until('the request', () => open.length > 0);
    const next = await clone.release();
    expectLive(next);
    // only the first notice was sent, perhaps more than once, and is still unanswered
    expect([...noticeIds()]).toHaveLength(1);
  } finally {
    hangs = false;
    for (const response of open.splice(0)) response.end();
  }
  await until('the second notice', () => noticeIds().size === 2);
});

it('the address is in no process environment and in no file that other users can read', () => {
  expect(statSync(clone.home.notifyUrl).mode & 0o777).toBe(0o600);
  expect(readFileSync(clone.home.notifyUrl, 'utf8')).toContain(TOKEN);
  expect(processesWith('SWITCHYARD_HOME', clone.home.dir).length).toBeGreaterThan(0);
  expect(
    processesWith('SWITCHYARD_HOME', clone.home.dir).filter(({ env }) => JSON.stringify(env).includes(TOKEN)),
  ).toEqual([]);
});

function noticeIds(): Set<number> {
  return new Set(received.map(({ id }) => id));
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
