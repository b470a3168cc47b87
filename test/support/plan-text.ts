/** Plans as readable text, and the states they start from. */
import type { PlanInput } from '../../deploy/core/interfaces';
import { bucketsBySlot } from '../../deploy/core/traffic-table';
import type { Observed, Plan, Step } from '../../deploy/core/plan';
import type { Commit, Release } from '../../deploy/core/release';
import type { RunningSlot } from '../../deploy/core/slot';
import type { Table } from '../../deploy/core/traffic-table';
import { commit } from './deployments';

export const [OLD, NEW, OTHER] = ['01d', 'e3', '07e3'].map(commit) as [Commit, Commit, Commit];

export function inputFor(observed: Observed, wanted: Commit, overrides: Partial<PlanInput> = {}): PlanInput {
  return {
    observed,
    release: { commit: wanted } as Release,
    slots: ['blue', 'green'],
    wanted: null,
    environment: 0,
    instance: 'fresh',
    undoInstance: 'again',
    bakeSeconds: 10,
    hold: false,
    again: false,
    migrate: false,
    canary: { steps: [], seconds: 0 },
    rolling: { batch: 1, minHealthy: 1, onFailure: 'undo' },
    ...overrides,
  };
}

export function serves(active: string | null, ...slots: RunningSlot[]): Observed {
  return { table: { active, standby: null }, slots };
}

export function running(slot: string, of: Commit, known: Partial<RunningSlot> = {}): RunningSlot {
  const instance = `${slot}-instance`;
  return { slot, commit: of, instance, pid: 1, restarts: 0, status: 'online', exitCode: null, ...known };
}

/** One line for each step. */
export function planText(steps: Plan): string[] {
  return steps.map(
    ({ step, undo }) => stepText(step) + (undo.length ? `, undo: ${undo.map(stepText).join(', ')}` : ''),
  );
}

function stepText(step: Step): string {
  if (step.do === 'shift') return `shift to ${tableText(step.to)}`;
  const of = 'commit' in step ? { [OLD]: ' old', [NEW]: ' new', [OTHER]: ' other' }[step.commit] : '';
  const others =
    'others' in step && step.others ? step.others.map(({ slot }) => ` and ${slot}`).join('') : '';
  return `${step.do}${'slot' in step ? ` ${step.slot}` : ''}${others}${of}`;
}

/** `green 25, blue 75 before amber`: the lowest buckets first. */
function tableText(table: Table): string {
  const { active, standby, shares = [], assets, uniform, maintenance } = table;
  if (maintenance) return `the page for ${active}`;
  const counts = bucketsBySlot(table);
  const split = [...shares.map(({ slot }) => slot), active].map(
    (slot) => `${slot} ${counts.get(slot ?? '')}`,
  );
  const who = shares.length > 0 ? split.join(', ') : (active ?? 'no slot');
  return `${who}${standby === null ? '' : ` before ${standby}`}${uniform ? ', same release' : ''}${assets ? `, files of ${assets}` : ''}`;
}
