import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { asKnown, ERRORS, KnownError } from '../../../deploy/core/errors';

const ROOT = path.resolve(__dirname, '../../..');
const CODES = Object.keys(ERRORS);
test.each(Object.entries(ERRORS))('%s has a hint of one line', (code, { hint }) => {
  expect(code).toMatch(/^E_[A-Z0-9]+(_[A-Z]+)*$/);
  expect(hint).toMatch(/^[A-Z].{9,118}$/);
});

test('every code in the table is used, and every used code is in the table', () => {
  // `CODE: 'E_…'` is an answer of nginx to a client: docs/proxy.md
  const code = /(?<=(?<!CODE: )['"])E_[A-Z0-9_]+(?=['"])/g;
  const used = new Set(sources().flatMap((text) => text.match(code) ?? []));
  expect(CODES.filter((code) => !used.has(code))).toEqual([]);
  expect([...used].filter((code) => !CODES.includes(code))).toEqual([]);
});

test('an error carries its code, and the hint and fault from the table', () => {
  const error = new KnownError('E_UNHEALTHY', 'It answered 500.');
  expect(error).toMatchObject({
    code: 'E_UNHEALTHY',
    message: 'It answered 500.',
    hint: ERRORS.E_UNHEALTHY.hint,
    fault: 'commit',
  });
});

test('a more specific hint replaces the one in the table', () => {
  expect(new KnownError('E_REF', 'No such commit.', 'Look again.').hint).toBe('Look again.');
});

test('a known error stays unchanged, anything else becomes E_INTERNAL with one line', () => {
  const known = new KnownError('E_DISK', 'Full.');
  expect(asKnown(known)).toBe(known);
  expect(asKnown(new Error('first\nsecond'))).toMatchObject({ code: 'E_INTERNAL', message: 'first' });
  expect(asKnown('a string')).toMatchObject({ code: 'E_INTERNAL', message: 'a string' });
  expect(asKnown(new AggregateError([]))).toMatchObject({ message: 'AggregateError' });
  expect(asKnown(undefined)).toMatchObject({ code: 'E_INTERNAL', message: 'undefined' });
});

test('no machine fault is ever blamed on a commit', () => {
  const commits = CODES.filter((code) => ERRORS[code as keyof typeof ERRORS].fault === 'commit');
  expect(commits.filter((code) => /DISK|MACHINE|PORT|NGINX|RUNTIME|SOURCE|INTERRUPTED/.test(code))).toEqual(
    [],
  );
});

/** The sources that report errors, without the table itself. */
function sources(): string[] {
  return ['deploy', 'scripts'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('core/errors.ts'))
      .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8')),
  );
}

test('a message is one line, whatever it quotes', () => {
  const quoted = `Unexpected token in "{\n\u001b[31m"`;
  expect(new KnownError('E_INSTALL', quoted).message).toBe('Unexpected token in "{ "');
});
