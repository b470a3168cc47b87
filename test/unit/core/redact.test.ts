import { redactEntry, redactor, secretsOf } from '../../../deploy/core/redact';

const of = (...values: string[]) =>
  redactor(secretsOf(values.map((value, index) => ({ [`V${index}`]: { value, at: 1 } }))));

it('redaction hides every value of eight characters or more, wherever it appears', () => {
  expect(of('hunter2-hunter2')('no hunter2-hunter2, twice hunter2-hunter2')).toBe('no ***, twice ***');
  expect(of('$&.*[x]+(y)')('got $&.*[x]+(y)!')).toBe('got ***!');
});

it('redaction keeps shorter values, which are words and ports, and the value of NODE_ENV', () => {
  expect(of('5432', 'true')('port 5432 is true')).toBe('port 5432 is true');
  const environment = { NODE_ENV: { value: 'production', at: 1 } };
  expect(redactor(secretsOf([environment]))('production runs v1')).toBe('production runs v1');
});

it('redaction hides the longer of two values first, so that no part of it remains', () => {
  expect(of('longsecret', 'longsecret-and-more')('longsecret-and-more')).toBe('***');
});

it('redaction hides only the password of a URL, encoded and decoded', () => {
  const redact = of('postgres://app:p%40ssw0rd-x@db:5432/app');
  expect(redact('password "p@ssw0rd-x" refused')).toBe('password "***" refused');
  expect(redact('p%40ssw0rd-x')).toBe('***');
  expect(redact('cannot reach postgres at db:5432')).toBe('cannot reach postgres at db:5432');
});

it('redaction hides each line of a multi-line value, since messages have one line', () => {
  expect(of('-----BEGIN KEY-----\nMIIEvQIBADAN')('bad key MIIEvQIBADAN')).toBe('bad key ***');
});

it('redaction hides a truncated value, but no word that a value happens to start with', () => {
  const redact = of('postgres://app:secret@db');
  expect(redact('cannot use postgres://app:sec…')).toBe('cannot use ***…');
  expect(redact('cannot use postgres://app')).toBe('cannot use ***');
  expect(redact('postgres is down')).toBe('postgres is down');
});

it('redaction hides values in every text field of an entry', () => {
  const redact = of('canary-value');
  const text = 'says canary-value';
  expect(
    redactEntry({ type: 'phase', phase: 'start', status: 'failed', detail: text }, redact),
  ).toHaveProperty('detail', 'says ***');
  expect(redactEntry({ type: 'state', state: 'failed', cause: text }, redact)).toHaveProperty(
    'cause',
    'says ***',
  );
  expect(redactEntry({ type: 'warning', message: text }, redact)).toHaveProperty('message', 'says ***');
  expect(redactEntry({ type: 'incident', reason: 'poll', message: text }, redact)).toHaveProperty(
    'message',
    'says ***',
  );
});
