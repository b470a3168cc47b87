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
/** The journal's word for the beginning of a step. */
const began = (step: number, at: number, undo = false): JournalEvent => ({
  id: at,
  deployment: 1,
  at,
  entry: { type: 'phase', phase: 'start', status: 'started', step, undo },
});
const answer = (slot: string, at: number, status = 200): LogEntry =>
  parseLine(
    JSON.stringify({ kind: 'app', time: String(at / 1000), slot, status, upstream_status: String(status) }),
  ) as LogEntry;

describe('a pool that is replaced slot by slot', () => {
  const plan: Plan = [start('blue'), start('green'), live('blue', 'green')];
  const told = [began(0, 100), began(1, 200)];

  test('counts what the old release answered in every slot, the last one as well as the first', () => {
    const requests = [answer('blue', 50), answer('green', 60, 500), answer('green', 150, 502)];
    expect(baselineCounts(requests, plan, told)).toEqual({ requests: 3, errors: 2 });
  });

  test("none of the new one's errors is taken for what was usual", () => {
    const requests = [answer('blue', 150, 500), answer('green', 250, 500)];
    expect(baselineCounts(requests, plan, told)).toEqual({ requests: 0, errors: 0 });
  });

  test('a second try of a slot makes it no older', () => {
    const again = [...told, began(0, 300, true), began(0, 400)];
    expect(baselineCounts([answer('blue', 350, 500)], plan, again)).toEqual({ requests: 0, errors: 0 });
  });
});

test('a slot that had the release already says nothing of the one before', () => {
  const plan: Plan = [start('green'), live('blue', 'green')];
  const requests = [answer('blue', 50, 500), answer('green', 50)];
  expect(baselineCounts(requests, plan, [began(0, 100)])).toEqual({ requests: 1, errors: 0 });
});

test('blue/green: what stands warm has answered before, and what went live has not', () => {
  const plan: Plan = [start('green'), live('green')];
  const requests = [answer('blue', 50), answer('blue', 300, 500), answer('green', 300, 500)];
  expect(baselineCounts(requests, plan, [began(0, 100)])).toEqual({ requests: 2, errors: 1 });
});
