/**
 * Attacks a running instance while users send requests and an operator deploys. `npm run test:abuse` runs all attacks
 * and prints what users and the machine noticed. Attackers have addresses of their own, so limits per address affect
 * them and not the users.
 */
import { once } from 'node:events';
import {
  diskUse,
  flood,
  readSlowly,
  report,
  underAttack,
  type Answers,
  type Attack,
  type Damage,
  type Flood,
} from '../support/attack';
import { incidents, lastEvent, untilOver } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { halfSent, type HalfSent } from '../support/half-sent';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

const ATTACKER = '127.0.0.66';
const ATTACKERS = Array.from({ length: 60 }, (_, number) => `127.0.0.${100 + number}`);
const LOG_DISK_MB = 10;

const damages: Damage[] = [];
let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({
    bake: { seconds: 5 },
    keep: { logSize: '1m', logDisk: `${LOG_DISK_MB}m` },
    limits: { drain: 4, stop: 1 },
  });
  expectDone(await clone.start());
  await healthy(clone.release());
});
afterAll(async () => {
  await clone.cleanUp();
  process.stdout.write(`\n${report(damages)}\n`);
});

/** Expects the users not to notice the attack, and the deployer's memory and the disk to stay flat. */
async function survive(name: string, attack: Attack, meanwhile: () => Promise<void>): Promise<void> {
  const damage = await underAttack(clone, name, attack, meanwhile);
  damages.push(damage);
  const { failures, before, most } = damage;
  expect(failures).toBe(0);
  expect(most.deployer - before.deployer).toBeLessThan(100);
  // 8 KB for each half-sent request
  expect(most.nginx - before.nginx).toBeLessThan(250);
  expect(most.disk - before.disk).toBeLessThan(80);
}

/** Expects the push to go live and to pass its bake. */
async function healthy(pushing: Promise<Pushed>): Promise<Pushed> {
  const pushed = expectLive(await pushing);
  expect(await untilOver(clone, pushed.deployment.id)).toMatchObject({ state: 'succeeded' });
  return pushed;
}

/** Returns the number of answers by their status. In the meantime, a push goes live. */
async function flooded(name: string, load: Flood, change: Change = {}): Promise<Answers> {
  let answers: Answers = {};
  await survive(
    name,
    async (signal) => {
      answers = await flood(clone.ports.http, load, signal);
      return Object.values(answers).reduce((total, count) => total + count, 0);
    },
    async () => void (await healthy(clone.release(change))),
  );
  // their sizes are checked every two seconds
  await until('logs within keep.logDisk', () => diskUse(clone.home) <= LOG_DISK_MB + 2, 10_000);
  return answers;
}

it('a rollback stays and users get answers during 17,000 half-sent requests', async () => {
  const before = lastEvent(clone);
  let attack: HalfSent | undefined;

  await survive(
    '17,000 half-sent requests',
    async (signal) => {
      attack = await halfSent(clone.ports.http, 17_000);
      await once(signal, 'abort');
      await attack.end();
      return attack.opened();
    },
    async () => {
      await until('the attack', () => attack);
      expectDone(await clone.switchyard('rollback'));
    },
  );

  const rollback = clone.deployments().at(-1);
  expect(await untilOver(clone, rollback?.id ?? 0)).toMatchObject({ kind: 'rollback', state: 'succeeded' });
  expect((await clone.serving()).commit).toBe(rollback?.commit);
  expect(incidents(clone, before)).toEqual([]);
});

it('a push goes live during 60 webhook bodies of 24 MB without a valid signature', async () => {
  const body = Buffer.alloc(24_000_000, 'x');
  const start = 'POST /_deploy/webhook HTTP/1.1\r\nHost: app\r\nContent-Type: application/json\r\n';
  const unsigned = `${start}Content-Length: ${body.length}\r\n\r\n`;
  const forged = `${start}X-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunk = `${body.length.toString(16)}\r\n`;
  const requests = [unsigned, forged + chunk].map((headers) => Buffer.concat([Buffer.from(headers), body]));

  const answers = await flooded('60 webhook bodies of 24 MB', { requests, connections: 60, from: ATTACKERS });

  expect(Object.keys(answers)).toEqual(expect.arrayContaining(['401', '413']));
});

it('logs stay within their limits while one address requests paths of control characters', async () => {
  const request = `GET /${'%01'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`;

  await flooded('paths of control characters', { requests: [request], connections: 8, from: [ATTACKER] });
});

it('the disk stays flat and a push names the downloads that slow clients do not finish', async () => {
  const connections = 100;
  await survive(
    '100 slow downloads of 64 MB',
    (signal) => readSlowly(clone.ports.http, { path: '/download', connections, from: ATTACKER }, signal),
    async () => {
      await healthy(clone.release());
      const { text } = await healthy(clone.release());
      expect(text).toMatch(/waiting up to 4 s for 100 connections to \w+ \(limits\.drain\)/);
      expect(text).toMatch(/had to be closed after 4 s \(limits\.drain\): 100 downloads/);
    },
  );
});

it('a visitor who requests a broken URL from claimed addresses cannot have a release rolled back', async () => {
  const requests = Array.from({ length: 8 }, (_, number) => {
    const claims = ['X-Forwarded-For', 'X-Real-IP'].map((name) => `${name}: 203.0.113.${number}\r\n`);
    return `GET /goal HTTP/1.1\r\nHost: app\r\n${claims.join('')}\r\n`;
  });

  const load = { requests, connections: 8, from: [ATTACKER] };
  const answers = await flooded('a URL that answers 500, in a bake', load, { behaviour: { goal: 500 } });

  expect(answers['500']).toBeGreaterThan(1000);
});

it('nothing below /_deploy answers the internet, whatever address a client claims', async () => {
  const paths = [
    '',
    '/',
    '/health',
    '/%68ealth',
    '/nginx',
    '/webhook/../health',
    '/errors/400',
    '/preview/x',
  ];
  const limited = ['/webhook', '/preview?token=x'];
  const requests = [...paths, ...limited].map(
    (path, number) =>
      `GET /_deploy${path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-For: 203.0.113.${number}\r\n\r\n`,
  );

  const load = { requests, connections: requests.length, from: [ATTACKER] };
  const answers = await flooded('paths below /_deploy', load);

  expect(Object.keys(answers).filter((status) => !/^4\d\d$/.test(status))).toEqual([]);
  expect(answers['429']).toBeGreaterThan(0);
});
