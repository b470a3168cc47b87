/** Somebody is told of deployments: a real receiver, whose address npm start was given, and the real deployer. */
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
let got: Notice[] = [];
let hangs = false;
/** Questions that it has not answered. */
const open: ServerResponse[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      got.push(JSON.parse(text) as Notice);
      if (hangs) open.push(response);
      else response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  clone = await tinyClone({ bake: { seconds: 0 } }, { NOTIFY_URL: `http://127.0.0.1:${port}/${TOKEN}` });
  expectDone(await clone.start());
  // the first release is told as well
  await until('its notice', () => got.length === 1);
});
beforeEach(() => {
  got = [];
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await clone.cleanUp();
});

it('a push that goes live, one that does not, and a rollback are told, each with what serves now', async () => {
  const { commit: old } = await clone.serving();

  const pushed = await clone.release();
  const failed = await clone.release({ behaviour: { exits: true } });
  expectDone(await clone.switchyard('rollback'));

  await until('three notices', () => got.length === 3);
  const [live, bad, back] = got as [Notice, Notice, Notice];
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

it('notify test sends one, and names who has taken it by the host alone', async () => {
  const said = await clone.switchyard('notify', 'test');

  expectDone(said);
  expect(said.text).toMatch(/^✓ 127\.0\.0\.1:\d+: answered 200$/m);
  expect(got).toMatchObject([{ event: 'test' }]);
  expect(said.text).not.toContain(TOKEN);
});

it('a receiver that hangs holds up no deployment', async () => {
  hangs = true;
  try {
    expectLive(await clone.release());
    await until('the question', () => open.length > 0);
    const next = await clone.release();
    expectLive(next);
    // it was told of the first one, perhaps more than once, and has not said a word since
    expect([...told()]).toHaveLength(1);
  } finally {
    hangs = false;
    for (const response of open.splice(0)) response.end();
  }
  await until('the second, too', () => told().size === 2);
});

it('the address is in nobody’s environment, and in no file that others may read', () => {
  expect(statSync(clone.home.notifyUrl).mode & 0o777).toBe(0o600);
  expect(readFileSync(clone.home.notifyUrl, 'utf8')).toContain(TOKEN);
  expect(processesWith('SWITCHYARD_HOME', clone.home.dir).length).toBeGreaterThan(0);
  expect(
    processesWith('SWITCHYARD_HOME', clone.home.dir).filter(({ env }) => JSON.stringify(env).includes(TOKEN)),
  ).toEqual([]);
});

function told(): Set<number> {
  return new Set(got.map(({ id }) => id));
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
