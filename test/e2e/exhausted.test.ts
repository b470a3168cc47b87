/** An attacker uses up all of nginx's connections: only users' own requests may depend on a free one. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { acceptingWorkers } from '../../deploy/traffic/nginx-processes';
import { incidents, lastEvent } from '../support/crash';
import { diagnose, untilHealthy } from '../support/doctor';
import { halfSent, type HalfSent } from '../support/half-sent';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

/** Few enough for a small attack to hold them all. */
const CONNECTIONS = 64;
const HALF_SENT = 1000;
const INSTEAD =
  'nginx has no free connection for a probe: the process and the traffic table were checked instead';

let clone: TinyClone;
let attack: HalfSent | undefined;
let template: string;
let file: string;
let first: string;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  file = path.join(clone.dir, 'nginx', 'nginx.conf.template');
  template = readFileSync(file, 'utf8');
  writeFileSync(file, template.replace(/worker_connections .*;/, `worker_connections ${CONNECTIONS};`));
  expect((await clone.start()).code).toBe(0);
  const { code, commit } = await clone.release({});
  expect(code).toBe(0);
  first = commit;
  attack = await halfSent(clone.ports.http, HALF_SENT);
});
afterAll(async () => {
  await attack?.end();
  await clone.cleanUp();
});

/** The commit in the active slot, since no request gets through nginx. */
async function active(): Promise<string> {
  return (await clone.slot(clone.table().active ?? '')).commit;
}

it('a push goes live and a rollback stays while nginx drops connections', async () => {
  const before = lastEvent(clone);

  const pushed = await clone.release({});

  expect(pushed.code).toBe(0);
  expect(await active()).toBe(pushed.commit);
  expect(await clone.switchyard('rollback')).toMatchObject({ code: 0 });
  expect(await active()).toBe(first);
  expect(incidents(clone, before)).toEqual([]);
});

it('a push and a rollback report a skipped probe when nginx answers no request', async () => {
  const workers = acceptingWorkers(clone.home);
  for (const pid of workers) process.kill(pid, 'SIGSTOP');
  try {
    const pushed = await clone.release({});

    expect(pushed).toMatchObject({ code: 0, text: expect.stringContaining(INSTEAD) as string });
    expect(await active()).toBe(pushed.commit);
    const rollback = await clone.switchyard('rollback');
    expect(rollback).toMatchObject({ code: 0, text: expect.stringContaining(INSTEAD) as string });
    expect(await active()).not.toBe(pushed.commit);
  } finally {
    for (const pid of workers) process.kill(pid, 'SIGCONT');
  }
});

it('doctor names only the exhausted connections, and its command shows who holds them', async () => {
  const { faults } = await diagnose(clone);
  expect(Object.keys(faults)).toEqual(['connections']);
  expect(faults.connections?.message).toMatch(
    /^nginx drops new connections on port \d+, where clients have [\d,]+ connections open\.$/,
  );
  const { code, text } = await clone.shell(faults.connections?.fix ?? '');
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('127.0.0.2') as string });
});

it('npm start gives nginx more connections during the attack, and users get answers again', async () => {
  writeFileSync(file, template);

  expect(await clone.start()).toMatchObject({
    code: 0,
    text: expect.stringContaining('nginx has read its changed configuration') as string,
  });

  await untilHealthy(clone);
});
