import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { earlierValidUntil, rotateSecret, validSecrets } from '../../../deploy/home/secret-rotation';
import { readSecret } from '../../../deploy/home/webhook-secret';
import { tempHome } from '../../support/temp-home';

const FIRST = 'xK9v2mQ7TfB4wZ1c';
const HOUR_MS = 3_600_000;
let home: { secret: string; earlierSecret: string };
let now: number;

beforeEach(() => {
  const dir = tempHome();
  home = { secret: path.join(dir, 'secret'), earlierSecret: path.join(dir, 'secret-before.json') };
  writeFileSync(home.secret, `${FIRST}\n`);
  now = 1_796_000_000_000;
});

it('a rotation takes effect immediately, and the earlier secret is valid until it expires', () => {
  const secrets = validSecrets(home, () => now);
  expect(secrets()).toEqual([FIRST]);

  const second = rotateSecret(home, now + HOUR_MS);

  expect(second).toMatch(/^[0-9a-f]{64}$/);
  expect(readSecret(home)).toBe(second);
  expect(secrets()).toEqual([second, FIRST]);
  expect(earlierValidUntil(home, now)).toBe(now + HOUR_MS);
  now += HOUR_MS;
  expect(secrets()).toEqual([second]);
  expect(earlierValidUntil(home, now)).toBeNull();
});

it('a process that starts after a rotation knows both secrets', () => {
  const second = rotateSecret(home, now + HOUR_MS);
  expect(validSecrets(home, () => now)()).toEqual([second, FIRST]);
});

it('after several rotations only the last two secrets are valid', () => {
  const secrets = validSecrets(home, () => now);
  const second = rotateSecret(home, now + HOUR_MS);
  const third = rotateSecret(home, now + HOUR_MS);
  expect(secrets()).toEqual([third, second]);
});

it('both files are readable by their owner only', () => {
  rotateSecret(home, now);
  for (const file of Object.values(home)) expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('a broken record of the earlier secret means that there is none', () => {
  const secrets = validSecrets(home, () => now);
  writeFileSync(home.earlierSecret, '{');
  expect(secrets()).toEqual([FIRST]);
});
