import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../../deploy/core/errors';
import { CHECKS } from '../../../deploy/doctor/checks';
import { examine, type Check } from '../../../deploy/doctor/examine';
import { fault, NotChecked, ok } from '../../../deploy/doctor/finding';
import { doctorContextAt } from '../../../deploy/doctor/context';

const context = doctorContextAt('/nowhere', { SWITCHYARD_HOME: '/nowhere/else' });
const look = (checks: Record<string, Check>, limitMs = 1000): ReturnType<typeof examine> =>
  examine(context, checks, limitMs);

it('tells every finding with its link, in the order of the checks', async () => {
  const found = await look({
    disk: { look: () => Promise.resolve([ok('a'), fault('b', 'do')]) },
    clock: { look: () => [ok('c')] },
  });
  expect(found.map(({ link, message: said }) => `${link} ${said}`)).toEqual(['disk a', 'disk b', 'clock c']);
});

it('makes a fault of what a check throws, and never throws itself', async () => {
  const throwing = (error: unknown): Check => ({
    look: () => {
      throw error;
    },
  });
  const [known, bug, not] = await look({
    known: throwing(new KnownError('E_SECRET', 'It is empty.', 'Set it')),
    bug: throwing(new TypeError('x is undefined')),
    not: throwing(new NotChecked('deployment 7 is running')),
  });
  expect(known).toMatchObject({ status: 'fault', message: 'It is empty.', fix: 'Set it' });
  expect(bug).toMatchObject({ status: 'fault', message: 'This check itself failed: x is undefined' });
  expect(not).toMatchObject({ status: 'skipped', message: 'not checked: deployment 7 is running' });
});

it('does not look at what another link has told already, and at what waits for that', async () => {
  const never = (): never => {
    throw new Error('it was looked at');
  };
  const found = await look({
    home: { look: () => [fault('gone', 'npm start')] },
    journal: { look: never, needs: ['home'] },
    table: { look: never, needs: ['journal'] },
    disk: { look: () => [ok('room')] },
  });
  expect(found.map(({ status }) => status)).toEqual(['fault', 'skipped', 'skipped', 'ok']);
  expect(found[2]?.message).toBe('not checked: see journal');
});

it('a check that hangs is a fault, and holds up none beside it', async () => {
  const [hangs, well] = await look(
    { a: { look: () => new Promise(() => {}) }, b: { look: () => [ok('b')] } },
    20,
  );
  expect(hangs).toMatchObject({
    status: 'fault',
    message: expect.stringMatching(/^No check finished for 0\.02 s: /),
    fix: 'npm run -s doctor',
  });
  expect(well).toMatchObject({ status: 'ok' });
});

it('waits for a slow check as long as others finish', async () => {
  const slow = Array.from({ length: 15 }, (_, index) => `check ${index}`);
  const checks = slow.map((link, index) => [link, { look: () => sleep(100 * index, [ok(link)]) }]);
  const found = await look(Object.fromEntries(checks) as Record<string, Check>, 1000);
  expect(found.map(({ message: said }) => said)).toEqual(slow);
});

it('every link that another needs stands before it', () => {
  const checks: [string, Check][] = Object.entries(CHECKS);
  const links = checks.map(([link]) => link);
  for (const [at, [, { needs = [] }]] of checks.entries()) {
    for (const needed of needs) expect(links.slice(0, at)).toContain(needed);
  }
});
