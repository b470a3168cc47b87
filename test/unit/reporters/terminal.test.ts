import { stripVTControlCharacters } from 'node:util';
import { plainReporter } from '../../../deploy/reporters/plain';
import { terminalReporter } from '../../../deploy/reporters/terminal';
import { commit, deployment } from '../../support/deployments';
import { events, journalOf, captureOutput, phase } from '../../support/journal-events';

const CLEAR_LINE = '\r\u001b[2K';
const V1 = { slot: 'blue', commit: commit('a1b2c3d'), version: '1.0.0' };

beforeEach(() => jest.useFakeTimers({ now: 1000 }));
afterEach(() => jest.useRealTimers());

test('the running phase and its time are redrawn in one line, which the finished one replaces', () => {
  const out = captureOutput({ columns: 80 });
  const reporter = terminalReporter(out, journalOf());
  const [started, done] = events(...phase('test', 1_200));

  reporter.event(started as never);
  expect(lastDrawn()).toBe('… test                     0 ms');
  jest.advanceTimersByTime(1_200);
  expect(lastDrawn()).toBe('… test                    1.2 s');
  reporter.event(done as never);
  expect(lastDrawn()).toBe('✓ test                    1.2 s\n');
  jest.advanceTimersByTime(1_000);
  expect(lastDrawn()).toBe('✓ test                    1.2 s\n');

  function lastDrawn(): string {
    return stripVTControlCharacters(out.text().split(CLEAR_LINE).at(-1) ?? '');
  }
});

test('a waiting deployment shows for how long, until it starts', () => {
  const out = captureOutput({ columns: 80 });
  const reporter = terminalReporter(out, journalOf());
  const [waiting, running] = events({ type: 'waiting', behind: 7 }, { type: 'state', state: 'running' });
  reporter.event(waiting as never);
  jest.advanceTimersByTime(65_000);
  expect(out.text()).toContain('1 min 5 s');
  reporter.event(running as never);
  const before = out.text();
  jest.advanceTimersByTime(1_000);
  expect(out.text()).toBe(before);
});

test('a narrow terminal gets lines that fit, so that redrawing does not scroll it', () => {
  const out = captureOutput({ columns: 12 });
  const reporter = terminalReporter(out, journalOf());
  reporter.event(events(...phase('install', 1))[0] as never);
  jest.advanceTimersByTime(500);
  for (const line of out.text().split(CLEAR_LINE)) {
    expect(stripVTControlCharacters(line).length).toBeLessThan(12);
  }
});

test('a narrow terminal shortens the title and keeps the unit of the time', () => {
  const out = captureOutput({ columns: 16 });
  const reporter = terminalReporter(out, journalOf());
  reporter.event(events(...phase('verify-live', 1))[0] as never);
  jest.advanceTimersByTime(500);
  expect(stripVTControlCharacters(out.text().split(CLEAR_LINE).at(-1) ?? '')).toBe('… verify 500 ms');
});

test('the verdict is the last line, and nothing is drawn after it', () => {
  const out = captureOutput({ columns: 80 });
  const reporter = terminalReporter(out, journalOf());
  reporter.event(events(...phase('bake', 1))[0] as never);
  reporter.end(deployment({ state: 'succeeded', to: V1, liveAt: 1_240 }), V1);
  jest.advanceTimersByTime(1_000);
  const text = stripVTControlCharacters(out.text());
  expect(text.endsWith('✓ LIVE in 240 ms: v1.0.0 (a1b2c3d) on blue\n')).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
});

test('the progress of a canary is part of the redrawn line, and a pipe gets each as a line', () => {
  const out = captureOutput({ columns: 60 });
  const reporter = terminalReporter(out, journalOf());
  const message = '5 %: canary 3 requests, 0 failed; stable 9 requests, 0 failed; verdict in 41.0 s';
  for (const event of events(phase('judge', 1)[0] as never, { type: 'progress', message }))
    reporter.event(event);
  const drawn = stripVTControlCharacters(out.text().split(CLEAR_LINE).at(-1) ?? '');
  expect(drawn).toBe('… canary                   0 ms   5 %: canary 3 requests, 0');

  const pipe = captureOutput();
  plainReporter(pipe, journalOf()).event(events({ type: 'progress', message })[0] as never);
  expect(pipe.text()).toBe(`  ${message}\n`);
});
