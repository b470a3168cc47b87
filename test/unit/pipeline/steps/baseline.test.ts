import type { JournalEvent } from '../../../../deploy/core/event';
import type { Plan } from '../../../../deploy/core/plan';
import type { Proof } from '../../../../deploy/core/slot';
import { baselineCounts } from '../../../../deploy/pipeline/steps/baseline';
import { parseLine, type LogEntry } from '../../../../deploy/traffic/access-log';
import { commit, PROOF } from '../../../support/deployments';

const proof = (slot: string): Proof => ({ ...PROOF, slot, commit: commit('b2') });
const start = (slot: string): Plan[number] => ({ step: { do: 'start', ...proof(slot) }, undo: [] });
const live = (slot: string, ...others: string[]): Plan[number] => ({
  step: { do: 'verify-live', ...proof(slot), others: others.map(proof) },
  undo: [],
});
/** The event that the journal records when a step starts. */
const started = (step: number, at: number, undo = false): JournalEvent => ({
  id: at,
  deployment: 1,
  at,
  entry: { type: 'phase', phase: 'start', status: 'started', step, undo },
});
const answer = (slot: string, at: number, status = 200): LogEntry =>
  parseLine(
    JSON.stringify({ kind: 'app', time: String(at / 1000), slot, status, upstream_status: String(status) }),
  ) as LogEntry;

describe('the baseline of a pool that is replaced slot by slot', () => {
  const plan: Plan = [start('blue'), start('green'), live('blue', 'green')];
  const events = [started(0, 100), started(1, 200)];

  test('counts the answers of the old release in every slot, from the first to the last', () => {
    const requests = [answer('blue', 50), answer('green', 60, 500), answer('green', 150, 502)];
    expect(baselineCounts(requests, plan, events)).toMatchObject({ requests: 3, errors: 2 });
  });

  test('excludes the errors of the new release', () => {
    const requests = [answer('blue', 150, 500), answer('green', 250, 500)];
    expect(baselineCounts(requests, plan, events)).toMatchObject({ requests: 0, errors: 0 });
  });

  test('ends when a slot is first replaced, even if that is retried', () => {
    const again = [...events, started(0, 300, true), started(0, 400)];
    expect(baselineCounts([answer('blue', 350, 500)], plan, again)).toMatchObject({ requests: 0, errors: 0 });
  });
});

test('the baseline excludes a slot that already ran the release', () => {
  const plan: Plan = [start('green'), live('blue', 'green')];
  const requests = [answer('blue', 50, 500), answer('green', 50)];
  expect(baselineCounts(requests, plan, [started(0, 100)])).toMatchObject({ requests: 1, errors: 0 });
});

test('the baseline of blue/green includes the warm slot and excludes the one that went live', () => {
  const plan: Plan = [start('green'), live('green')];
  const requests = [answer('blue', 50), answer('blue', 300, 500), answer('green', 300, 500)];
  expect(baselineCounts(requests, plan, [started(0, 100)])).toMatchObject({ requests: 2, errors: 1 });
});
