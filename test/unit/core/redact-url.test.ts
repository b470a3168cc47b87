import { withoutCredentials, withoutPassword } from '../../../deploy/core/redact-url';

it.each([
  ['https://user:secret@git.host/a/b.git', 'https://***@git.host/a/b.git', 'https://git.host/a/b.git'],
  ['https://token@git.host:8443/a', 'https://***@git.host:8443/a', 'https://git.host:8443/a'],
  ['https://user:se@cret@git.host/a', 'https://***@git.host/a', 'https://git.host/a'],
  ['https://user:se/cr?e#t@git.host/a', 'https://***@git.host/a', 'https://git.host/a'],
  ['https://user:se@c/ret@git.host/a', 'https://***@git.host/a', 'https://git.host/a'],
  ['https://user:se cret@git.host/a', 'https://***@git.host/a', 'https://git.host/a'],
  [
    'https://user:secret@intranet/~me@corp/a',
    'https://***@intranet/~me@corp/a',
    'https://intranet/~me@corp/a',
  ],
  ['HTTPS://user:secret@[::1]:80/a', 'HTTPS://***@[::1]:80/a', 'HTTPS://[::1]:80/a'],
  ['ssh://git:secret@git.host/a', 'ssh://***@git.host/a', 'ssh://git@git.host/a'],
])('the credentials of %s are hidden', (source, shown, given) => {
  expect(withoutPassword(source)).toBe(shown);
  expect(withoutCredentials(source)).toBe(given);
});

it.each([
  '/srv/app.git',
  'git@git.host:a/b.git',
  'https://git.host/a',
  'https://git.host/@scope/a',
  'file:///srv/a.git',
])('the source %s, which has no credentials, stays unchanged', (source) => {
  expect(withoutPassword(source)).toBe(source);
  expect(withoutCredentials(source)).toBe(source);
});
