import { linesSince, sinceFrom, timeOf } from '../../../deploy/core/log-times';

const AT = Date.parse('2026-11-30T15:40:48Z');
const local = (time: number): string => new Date(time).toLocaleString('sv-SE');

it.each([
  ['ISO 8601', '2026-11-30T15:40:48.000Z GET /'],
  ['another zone', '2026-11-30T16:40:48+01:00 GET /'],
  ['a bracket', '[2026-11-30 15:40:48Z] GET /'],
  ["the machine's time", `${local(AT)} GET /`],
  ["nginx's error log", `${local(AT).replaceAll('-', '/')} [alert] 1#1: x`],
  ['the mark of a start', '--- 2026-11-30T15:40:48.000Z a1b2c3d starts on port 8080'],
  ['JSON with milliseconds', `{"level":30,"time":${AT},"msg":"x"}`],
  ['JSON with seconds', `{"ts":${AT / 1000}}`],
  ['JSON with a text', '{"timestamp":"2026-11-30T15:40:48Z"}'],
])('a line may carry its time as %s', (_what, line) => {
  expect(timeOf(line)).toBe(AT);
});

it.each([
  'listening on 2026',
  '',
  '{"time":"now"}',
  '{broken',
  '    at 2026-11-30T15:40:48Z',
  '[2026-99-99 99:99:99]',
])('a line may carry none: %s', (line) => {
  expect(timeOf(line)).toBeNull();
});

describe('the lines since a time', () => {
  const old = new Date(AT - 1).toISOString();
  const young = new Date(AT).toISOString();
  const start = (time: string): string => `--- ${time} a1b2c3d starts on port 8080`;

  it('leave out older ones, with the lines below them', () => {
    const lines = [`${old} Error: x`, '    at y', `${young} GET /`, '    more'];
    expect(linesSince(lines, AT, AT + 5)).toEqual([`${young} GET /`, '    more']);
  });

  it('keep what an app without times may have written since, and nothing from before a known start', () => {
    const lines = ['before', start(old), 'perhaps', start(young), 'surely'];
    expect(linesSince(lines, AT, AT + 5)).toEqual(['perhaps', start(young), 'surely']);
  });

  it('are none when nothing was written since', () => {
    expect(linesSince([start(old), 'a line'], AT, AT - 1)).toEqual([]);
    expect(linesSince([], AT, AT)).toEqual([]);
  });
});

describe('--since', () => {
  it.each([
    ['30s', AT - 30_000],
    ['10m', AT - 600_000],
    ['2h', AT - 7_200_000],
    ['3d', AT - 259_200_000],
    ['2026-11-30T15:00Z', Date.parse('2026-11-30T15:00:00Z')],
    ['2026-11-30 15:00:01Z', Date.parse('2026-11-30T15:00:01Z')],
    ['2026-11-29', Date.parse('2026-11-29T00:00')],
  ])('takes %s', (text, time) => {
    expect(sinceFrom(text, AT)).toBe(time);
  });

  it.each(['', '10', 'm', '-1m', '1.5h', '10 m', 'yesterday', '2026-13-01', '2026-11-30T15:40:49Z', '15:00'])(
    'refuses "%s"',
    (text) => {
      expect(sinceFrom(text, AT)).toBeNull();
    },
  );
});
