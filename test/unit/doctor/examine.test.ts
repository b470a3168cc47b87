import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../../deploy/core/errors';
import { CHECKS } from '../../../deploy/doctor/checks';
import { examine, type Check } from '../../../deploy/doctor/examine';
import { fault, NotChecked, ok } from '../../../deploy/doctor/finding';
import { doctorContextAt } from '../../../deploy/doctor/context';

const context = doctorContextAt('/nowhere', { SWITCHYARD_HOME: '/nowhere/else' });
const run = (checks: Record<string, Check>, limitMs = 1000): ReturnType<typeof examine> =>
  examine(context, checks, limitMs);

it('every finding is reported under its check, in the order of the checks', async () => {
  const findings = await run({
    disk: { look: () => Promise.resolve([ok('a'), fault('b', 'do')]) },
    clock: { look: () => [ok('c')] },
  });
  expect(findings.map(({ link, message }) => `${link} ${message}`)).toEqual(['disk a', 'disk b', 'clock c']);
});

it('an error in a check becomes a finding', async () => {
  const throwing = (error: unknown): Check => ({
    look: () => {
      throw error;
    },
  });
  const [known, bug, not] = await run({
    known: throwing(new KnownError('E_SECRET', 'It is empty.', 'Set it')),
    bug: throwing(new TypeError('x is undefined')),
    not: throwing(new NotChecked('deployment 7 is running')),
  });
  expect(known).toMatchObject({ status: 'fault', message: 'It is empty.', fix: 'Set it' });
  expect(bug).toMatchObject({ status: 'fault', message: 'This check itself failed: x is undefined' });
  expect(not).toMatchObject({ status: 'skipped', message: 'not checked: deployment 7 is running' });
});

it('a check is skipped when one that it needs has failed or was skipped', async () => {
  const never = (): never => {
    throw new Error('it was checked');
  };
  const findings = await run({
    home: { look: () => [fault('gone', 'npm start')] },
    journal: { look: never, needs: ['home'] },
    table: { look: never, needs: ['journal'] },
    disk: { look: () => [ok('free')] },
  });
  expect(findings.map(({ status }) => status)).toEqual(['fault', 'skipped', 'skipped', 'ok']);
  expect(findings[2]?.message).toBe('not checked: see journal');
});

it('a check that hangs is a fault and delays no other check', async () => {
  const [hung, healthy] = await run(
    { a: { look: () => new Promise(() => {}) }, b: { look: () => [ok('b')] } },
    20,
  );
  expect(hung).toMatchObject({
    status: 'fault',
    message: expect.stringMatching(/^No check finished for 0\.02 s: /),
    fix: './switchyard doctor',
  });
  expect(healthy).toMatchObject({ status: 'ok' });
});

it('a slow check is waited for as long as others finish', async () => {
  const slow = Array.from({ length: 15 }, (_, index) => `check ${index}`);
  const checks = slow.map((link, index) => [link, { look: () => sleep(100 * index, [ok(link)]) }]);
  const findings = await run(Object.fromEntries(checks) as Record<string, Check>, 1000);
  expect(findings.map(({ message }) => message)).toEqual(slow);
});

it('every check comes after the checks that it needs', () => {
  const checks: [string, Check][] = Object.entries(CHECKS);
  const links = checks.map(([link]) => link);
  for (const [at, [, { needs = [] }]] of checks.entries()) {
    for (const needed of needs) expect(links.slice(0, at)).toContain(needed);
  }
});
