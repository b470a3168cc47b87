import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkSecret, prepareSecret, readSecret } from '../../../deploy/home/webhook-secret';
import { tempHome } from '../../support/temp-home';

const GOOD = 'xK9v2mQ7TfB4wZ1c';
let home: { secret: string };

beforeEach(() => (home = { secret: path.join(tempHome(), 'secret') }));

describe('a secret that is easy to guess is refused', () => {
  it.each([
    ['when it is empty', '', 'is empty'],
    ['when it is blank', '   \n', 'is empty'],
    ['when it is short', 'xK9v2mQ7TfB4wZ1', 'fewer than 16'],
    ...[
      'secret',
      'changeme',
      'change-me-change-me',
      'your-webhook-secret',
      'YOUR_WEBHOOK_SECRET_HERE',
      'my super secret token',
      'replace-with-random-string',
      'test-secret-test-secret',
      'password123',
      'development-secret',
      "It's a Secret to Everybody",
      'xxxxxxxxxxxxxxxxxxxx',
      '********************',
    ].map((text): [string, string, string] => [`such as the example "${text}"`, text, 'is an example']),
    ...[
      'correct horse battery staple',
      '88888888111111111',
      'abcabcabcabcabcabc',
      'aaaabbbbccccddddeeee',
      '1234567890123456',
      '0123456789abcdef0123456789abcdef',
      'abcdefghijklmnopqrstuvwxyz',
      'qwertyuiopasdfghjkl',
      '1qaz2wsx3edc4rfv5tgb',
      'qazwsxedcrfvtgbyhnujm',
      'P@ssw0rdP@ssw0rd2024',
      'hunter2hunter2hunter2',
      'deadbeefdeadbeefdeadbeef',
      'acme-production-webhook-secret',
    ].map((text): [string, string, string] => [`such as the weak "${text}"`, text, 'is easy to guess']),
  ])('%s', (_case, text, why) => {
    expect(() => checkSecret(text)).toThrow(expect.objectContaining({ code: 'E_SECRET' }));
    expect(() => checkSecret(text)).toThrow(why);
  });

  it('without being repeated in the error', () => {
    expect(() => checkSecret('hunter2')).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
  });
});

test.each([
  GOOD,
  'test4f9a7c1e2b6d8035',
  'secretKq81vZ0pWm',
  // as short as chance makes 64 random bits
  '4f9a7c1e2b6d8035',
  '0b5ea1c7d94f2e6803b7a5d1c9f4e2b6',
  'hV3k/9sPq2Zt+LmX',
  '7e1c9a40-3b5d-4f82-a6c1-09d4e8b7f235',
])('the secret %s is accepted, whatever it starts with', (text) => expect(checkSecret(text)).toBe(text));

test('no random secret is refused', () => {
  for (let times = 0; times < 300; times += 1)
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(() => checkSecret(randomBytes(16).toString(encoding))).not.toThrow();
});

test('a stored secret from before this rule still works, even when it is given again', () => {
  writeFileSync(home.secret, 'abcabcabcabcabcabc\n');
  prepareSecret(home, undefined);
  prepareSecret(home, 'abcabcabcabcabcabc');
  expect(readSecret(home)).toBe('abcabcabcabcabcabc');
});

describe("a home's secret", () => {
  it('is generated when none is given: 256 random bits, readable only by the owner', () => {
    prepareSecret(home, undefined);
    const secret = readSecret(home);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(mode()).toBe(0o600);
    prepareSecret(home, undefined);
    expect(readSecret(home)).toBe(secret);
  });

  it('is the given one, trimmed, even if there is another one', () => {
    prepareSecret(home, undefined);
    prepareSecret(home, ` ${GOOD}\n`);
    expect(readSecret(home)).toBe(GOOD);
    expect(readFileSync(home.secret, 'utf8')).toBe(`${GOOD}\n`);
  });

  it('is closed to others, even if its file was open before', () => {
    writeFileSync(home.secret, `${GOOD}\n`);
    chmodSync(home.secret, 0o644);
    prepareSecret(home, undefined);
    expect(mode()).toBe(0o600);
    chmodSync(home.secret, 0o644);
    prepareSecret(home, `${GOOD}!`);
    expect(mode()).toBe(0o600);
  });

  it('is never an example, empty or missing', () => {
    expect(() => prepareSecret(home, '')).toThrow('is empty');
    expect(() => prepareSecret(home, 'changeme')).toThrow('is an example');
    expect(() => readSecret(home)).toThrow('no webhook secret');
    writeFileSync(home.secret, '\n');
    expect(() => readSecret(home)).toThrow('is empty');
    expect(() => prepareSecret(home, undefined)).toThrow('is empty');
  });
});

function mode(): number {
  return statSync(home.secret).mode & 0o777;
}
