import { redactEntry, redactor, secretsOf } from '../../../deploy/core/redact';

const of = (...values: string[]) =>
  redactor(secretsOf(values.map((value, index) => ({ [`V${index}`]: { value, at: 1 } }))));

it('hides every value of eight characters or more, wherever it stands', () => {
  expect(of('hunter2-hunter2')('no hunter2-hunter2, twice hunter2-hunter2')).toBe('no ***, twice ***');
  expect(of('$&.*[x]+(y)')('got $&.*[x]+(y)!')).toBe('got ***!');
});

it('leaves shorter ones, which are words and ports, and what NODE_ENV says', () => {
  expect(of('5432', 'true')('port 5432 is true')).toBe('port 5432 is true');
  const environment = { NODE_ENV: { value: 'production', at: 1 } };
  expect(redactor(secretsOf([environment]))('production runs v1')).toBe('production runs v1');
});

it('hides the longer of two values first, so that nothing of it is left', () => {
  expect(of('longsecret', 'longsecret-and-more')('longsecret-and-more')).toBe('***');
});

it('hides the password of an address alone, as it was written and as it is meant', () => {
  const redact = of('postgres://app:p%40ssw0rd-x@db:5432/app');
  expect(redact('password "p@ssw0rd-x" refused')).toBe('password "***" refused');
  expect(redact('p%40ssw0rd-x')).toBe('***');
  expect(redact('cannot reach postgres at db:5432')).toBe('cannot reach postgres at db:5432');
});

it('hides each line of a value that has several: what is told is one line', () => {
  expect(of('-----BEGIN KEY-----\nMIIEvQIBADAN')('bad key MIIEvQIBADAN')).toBe('bad key ***');
});

it('hides what a cut has left of a value, and no word that a value happens to begin with', () => {
  const redact = of('postgres://app:secret@db');
  expect(redact('cannot use postgres://app:sec…')).toBe('cannot use ***…');
  expect(redact('cannot use postgres://app')).toBe('cannot use ***');
  expect(redact('postgres is down')).toBe('postgres is down');
});

it('reaches every text of an entry', () => {
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
  expect(redactEntry({ type: 'incident', message: text }, redact)).toHaveProperty('message', 'says ***');
});
