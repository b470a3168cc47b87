import { reporterFor } from '../../../deploy/reporters';
import { historyLine } from '../../../deploy/reporters/phrases';
import { commit, deployment, TO_GREEN } from '../../support/deployments';
import { events, journalOf, captureOutput, phase } from '../../support/journal-events';

const V1 = { slot: 'blue', commit: commit('a1b2c3d'), version: '1.0.0' };
const TERM = process.env.TERM;

beforeEach(() => (process.env.TERM = 'xterm'));
afterEach(() => {
  if (TERM === undefined) delete process.env.TERM;
  else process.env.TERM = TERM;
});

describe('the JSON reporter', () => {
  it('prints one document at the end, and nothing before', () => {
    const out = captureOutput({ isTTY: true });
    const reporter = reporterFor(out, journalOf(), true);
    for (const event of events(...phase('test', 1))) reporter.event(event);
    expect(out.text()).toBe('');
    reporter.end(deployment({ id: 4, state: 'succeeded', to: V1, plan: TO_GREEN }), V1);
    expect(JSON.parse(out.text())).toMatchObject({
      id: 4,
      state: 'succeeded',
      live: true,
      serving: V1,
      to: V1,
    });
    expect(out.text()).not.toContain('"plan"');
  });

  it('says that the deployment is not live, and why', () => {
    const out = captureOutput();
    reporterFor(out, journalOf(), true).end(deployment({ state: 'failed', cause: 'boom' }), null);
    expect(JSON.parse(out.text())).toMatchObject({ live: false, cause: 'boom', serving: null });
  });
});

test('a terminal gets lines that are redrawn, a pipe and a dumb terminal get each line once', () => {
  expect(redraws({ isTTY: true })).toBe(true);
  expect(redraws({})).toBe(false);
  process.env.TERM = 'dumb';
  expect(redraws({ isTTY: true })).toBe(false);
});

test('a line of the history has the kind, the time, the state and the cause', () => {
  const createdAt = Date.UTC(2030, 0, 2, 3, 4, 5);
  const known = { id: 12, createdAt, to: V1 };
  expect(historyLine(deployment({ ...known, state: 'succeeded', liveAt: createdAt + 2_400 }))).toBe(
    '#12    2030-01-02 03:04:05  deploy    succeeded    v1.0.0 (a1b2c3d) blue       live in 2.4 s',
  );
  expect(historyLine(deployment({ ...known, state: 'failed', cause: 'boom' }))).toMatch(/ failed .* boom$/);
  expect(historyLine(deployment({ ...known, to: null, branch: 'main' }))).toMatch(/ queued +main$/);
});

function redraws(output: { isTTY?: boolean }): boolean {
  const out = captureOutput(output);
  const reporter = reporterFor(out, journalOf(), false);
  for (const event of events(...phase('test', 1))) reporter.event(event);
  reporter.end(deployment({ state: 'superseded' }), null);
  return out.text().includes('\r');
}
