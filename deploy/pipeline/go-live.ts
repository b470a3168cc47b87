/** Records that a release is live, with the cost of the switch, counted from nginx's log. */
import type { Counts } from '../core/verdict';
import type { LogPosition } from '../traffic/access-log';
import { countRequests, logPosition, readRequests } from '../traffic/access-log';
import { liveMs, short } from '../core/format';
import { EMPTY_ENVIRONMENT } from '../core/environment';
import { closePreview } from '../traffic/preview-tokens';
import type { Deployment } from '../core/deployment';
import type { Entry, PhaseName } from '../core/event';
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { baselineCounts } from './steps/baseline';
import { downMs } from './steps/maintenance-page';
import type { StepContext } from './steps/step-context';
import { machineMs } from '../os/machine-clock';

/** Milliseconds to start a command and the deployment's process. */
const COMMAND_MS = 400;
/** At least this much of the end of a hold, in milliseconds, counts as the time before the release went live. */
const BEFORE_MS = 10_000;

export interface SwitchContext extends StepContext {
  /** Position in nginx's log where the switch began: at the first step or, for a held release, at the promotion. */
  switchBegan: () => LogPosition;
}

/** Creates the context for a deployment's steps: the counts to compare with, and the ways to end a step early. */
export function stepContext(
  context: DeployContext,
  deploymentId: number,
  signal: AbortSignal,
): SwitchContext {
  const marks = logMarks(context);
  return {
    deploymentId,
    signal,
    switchBegan: marks.now,
    before: () => countsBefore(context, deploymentId, marks.before()),
    onHold: marks.move,
    affected: new Set(),
    bakeEnded: () => {
      const rollback = context.journal
        .pending()
        .find(({ kind, state }) => kind === 'rollback' && state === 'queued');
      // a rollback to the baking release itself changes nothing and undoes nothing
      return rollback !== undefined && rollback.commit !== context.journal.get(deploymentId)?.commit;
    },
  };
}

/** A hold may last for days, so only the newest part of nginx's log counts as evidence of the previous release. */
function logMarks(context: DeployContext): {
  before: () => LogPosition;
  now: () => LogPosition;
  move: () => void;
} {
  let [before, between, now] = Array<LogPosition>(3).fill(logPosition(context.home));
  let next = machineMs() + BEFORE_MS;
  return {
    before: () => before as LogPosition,
    now: () => now as LogPosition,
    move: () => {
      now = logPosition(context.home);
      if (machineMs() < next) return;
      [before, between] = [between, now];
      next = machineMs() + BEFORE_MS;
    },
  };
}

/** Reports that the release is live, and starts the bake if the plan has one. */
export async function goLive(
  context: DeployContext,
  id: number,
  { switchBegan }: SwitchContext,
): Promise<void> {
  const { journal } = context;
  const deployment = journal.get(id);
  const { from, to, plan } = deployment ?? {};
  if (!deployment || !to || !plan) throw new Error(`deployment ${id} went live without a plan`);
  const liveAt = Date.now();
  const { requests } = readRequests(context.home, switchBegan());
  const { served, failed, turnedAway } = countRequests(requests);
  const down = downMs(requests);
  const { standby } = await context.traffic.current();
  const bakeSeconds = plan.flatMap(({ step }) => (step.do === 'bake' ? [step.seconds] : []))[0] ?? 0;
  // testers who were pinned to one side of a canary are ordinary users again
  closePreview(context.home);
  await journal.note(id, { liveAt, served, failed, downMs: down });
  await journal.record(id, {
    type: 'live',
    serving: to,
    previous: from ?? null,
    ms: liveMs({ ...deployment, liveAt }) ?? 0,
    served,
    failed,
    back: wayBack(context, id, isWarm(context, deployment, standby)),
    bakeSeconds,
    ...(down !== null && { down: { ms: down, turnedAway } }),
  });
  if (bakeSeconds > 0) await journal.move(id, 'baking');
}

/** True if the previous release runs unchanged as the standby, so that rolling back to it is one rename. */
function isWarm(context: DeployContext, { id, from, plan }: Deployment, standby: SlotName | null): boolean {
  if (standby === null || standby !== from?.slot) return false;
  const wasReplaced = plan?.some(({ step }) => step.do === 'start' && step.slot === standby) ?? false;
  return !wasReplaced && hasEnvironment(context, id, standby);
}

/** A warm slot with an older environment must be restarted, which takes longer. */
function hasEnvironment({ journal }: DeployContext, id: number, slot: SlotName): boolean {
  return (
    (journal.lastInSlot(slot)?.environment ?? EMPTY_ENVIRONMENT) ===
    (journal.get(id)?.environment ?? EMPTY_ENVIRONMENT)
  );
}

/** A rollback undoes a deploy, and a deploy undoes a rollback. Null if the same release was deployed again. */
function wayBack(
  context: DeployContext,
  id: number,
  warm: boolean,
): Extract<Entry, { type: 'live' }>['back'] {
  const { kind, from, to } = context.journal.get(id) ?? {};
  if (!from || from.commit === to?.commit) return null;
  if (kind === 'deploy') return { command: './switchyard rollback', ms: rollbackMs(context, id, warm) };
  return { command: `./switchyard deploy ${short(from.commit)}`, ms: null };
}

/** Estimates the duration of a rollback from this deployment's own steps; a warm release needs no start. */
function rollbackMs(context: DeployContext, id: number, warm: boolean): number {
  const needed: PhaseName[] = ['verify', 'shift', 'verify-live', ...(warm ? [] : ['start' as const])];
  const took = context.journal
    .since(0, id)
    .flatMap(({ entry }) => (entry.type === 'phase' && needed.includes(entry.phase) ? [entry.ms ?? 0] : []));
  return took.reduce((sum, ms) => sum + ms, COMMAND_MS);
}

function countsBefore({ home, journal }: DeployContext, id: number, from: LogPosition): Counts {
  const { requests } = readRequests(home, from);
  return baselineCounts(requests, journal.get(id)?.plan ?? [], journal.since(0, id));
}
