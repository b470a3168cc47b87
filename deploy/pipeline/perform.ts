/** Carries out one step. What each kind of step means, and nothing about their order. */
import { EMPTY } from '../core/environment';
import { KnownError } from '../core/errors';
import type { Counts } from '../core/verdict';
import { tableInWords } from '../core/table';
import type { Commit, Proof, Proofs, Slot, Step, Table, WithEnvironment } from '../core/types';
import { isPortFree, portInUseMessage } from '../traffic/port-holder';
import type { Yard } from '../yard';
import { builtRelease, slotNamed } from '../yard';
import { bake } from './bake';
import { drain } from './drain';
import { hold } from './hold';
import { judge } from './judge';
import { migrate } from './migrate';
import { askWhileDown, putPage } from './maintenance';
import { untilOnDisk } from './on-disk';
import type { Tell } from './process-watch';
import { askSlot } from './slot-health';
import { verifySlot, waitUntilHealthy } from './verify';
import { verifyServed } from './verify-served';

export interface Performance {
  deploymentId: number;
  /** What the release before answered, for the bake. */
  before: () => Counts;
  /** True when an operator wants this deployment's bake to end now. */
  bakeEnded: () => boolean;
  /** Called all the time while the release is held, or a canary is judged. */
  onHold: () => void;
  /** People who have met an error of a canary. */
  hurt: Set<string>;
  /** Called before an undo starts a release that ran before. */
  beforeStart?: (commit: Commit) => Promise<void>;
  /** Aborts waiting; an undo has none, it always goes to its end. */
  signal?: AbortSignal;
}

export interface Outcome {
  /** One clause for the journal. */
  detail: string;
  /** True when an operator ended the bake: no further step, nothing taken back. */
  ended?: boolean;
  /** True when a person wants the further steps of a canary left out. */
  promoted?: boolean;
}

/** Does the step. Throws a KnownError. */
export async function perform(yard: Yard, step: Step, how: Performance): Promise<Outcome> {
  if (step.do === 'bake') return bake(yard, step, how.before(), how.bakeEnded, teller(yard, how), how.signal);
  if (step.do === 'judge') return judge(yard, step, how);
  return { detail: await performAtOnce(yard, step, how) };
}

async function performAtOnce(
  yard: Yard,
  step: Exclude<Step, { do: 'bake' | 'judge' }>,
  how: Performance,
): Promise<string> {
  switch (step.do) {
    case 'migrate':
      return migrate(yard, step, how.deploymentId);
    case 'start':
      return start(yard, step, how);
    case 'stop':
      await empty(yard, slotNamed(yard, step.slot), how);
      return step.slot;
    case 'verify':
      await verifySlot(yard, step, how.signal);
      await untilOnDisk(yard, step.commit, how.signal);
      return step.slot;
    case 'hold':
      return hold(yard, step, how);
    case 'shift':
      return shift(yard, step.to);
    case 'verify-live':
      for (const proof of [step, ...(step.others ?? [])])
        await verifyServed(yard, proof, teller(yard, how), how.signal);
      return namesOf(step);
  }
}

function teller({ journal }: Yard, { deploymentId }: Performance): Tell {
  return (message) => journal.tell(deploymentId, { type: 'warning', message });
}

async function start(yard: Yard, proof: Proof & WithEnvironment, how: Performance): Promise<string> {
  const slot = slotNamed(yard, proof.slot);
  if (!(await runsAlready(yard, proof))) await startAnew(yard, slot, proof, how);
  const running = await waitUntilHealthy(yard, proof, how.signal);
  return `${slot.name}, pid ${running.pid}`;
}

/** The very process that is to be started: who was killed after its start does the step again. */
async function runsAlready(yard: Yard, { slot, instance }: Proof): Promise<boolean> {
  const running = (await yard.runtime.list(slot)).find((each) => each.slot === slot);
  return running?.instance === instance && running.pid !== null && !running.orphan;
}

async function startAnew(
  yard: Yard,
  slot: Slot,
  { commit, instance, environment = EMPTY }: Proof & WithEnvironment,
  how: Performance,
): Promise<void> {
  await empty(yard, slot, how);
  if (!(await isPortFree(slot.port))) {
    throw new KnownError('E_STRANGER_ON_PORT', `${slot.name}: ${portInUseMessage(slot.port)}`);
  }
  await yard.runtime.start(slot, builtRelease(yard, commit), instance, environment);
}

/** Ends whatever runs in the slot, once its requests are through. */
async function empty(yard: Yard, slot: Slot, how: Performance): Promise<void> {
  const resident = (await yard.runtime.list(slot.name)).find((running) => running.slot === slot.name);
  if (!resident) return;
  if (resident.pid !== null) await drain(slot, yard.config.limits.drain, how.signal);
  await yard.runtime.stop(slot.name);
}

/**
 * A standby enters the table only while it answers: a crash must never fall onto a dead or unproven slot. Where nobody
 * can say what runs, none does: traffic moves all the same.
 */
async function shift(yard: Yard, to: Table): Promise<string> {
  const standby =
    to.standby !== null && (await answers(yard, to.standby).catch(() => false)) ? to.standby : null;
  if (to.maintenance) putPage(yard);
  await yard.traffic.shift({ ...to, standby });
  if (to.maintenance) void askWhileDown(yard).catch(() => undefined);
  return tableInWords({ ...to, standby });
}

function namesOf({ slot, others = [] }: Proofs): string {
  return [slot, ...others.map((each) => each.slot)].join(', ');
}

async function answers(yard: Yard, name: string): Promise<boolean> {
  const running = (await yard.runtime.list(name)).find(({ slot }) => slot === name);
  return running?.pid ? (await askSlot(yard, running)).works : false;
}
