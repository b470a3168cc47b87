/** The moment a release serves, and what the switch to it has cost, counted from nginx's own log. */
import type { Counts } from '../core/verdict';
import type { LogPosition } from '../traffic/access-log';
import { countRequests, logPosition, readRequests } from '../traffic/access-log';
import { liveMs, short } from '../core/format';
import { EMPTY } from '../core/environment';
import { closePreview } from '../traffic/preview-tokens';
import type { Deployment } from '../core/deployment';
import type { Entry, PhaseName } from '../core/event';
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { baselineCounts } from './steps/baseline';
import { downMs } from './steps/maintenance-page';
import type { StepContext } from './steps/step-context';
import { machineMs } from '../os/machine-clock';

/** A command's own start and that of the deployment's process. */
const COMMAND_MS = 400;
/** How much of a hold, at least, counts as the time before the release went live. */
const BEFORE_MS = 10_000;

export interface SwitchContext extends StepContext {
  /** Where nginx's log ended when the switch began: with the first step, or, of a release that was held, with the promotion. */
  switchBegan: () => LogPosition;
}

/** How a deployment's steps are performed: what they compare with, and what may end them early. */
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
    hurt: new Set(),
    bakeEnded: () => {
      const rollback = context.journal
        .pending()
        .find(({ kind, state }) => kind === 'rollback' && state === 'queued');
      // to the very release that bakes: that changes nothing, and takes nothing back
      return rollback !== undefined && rollback.commit !== context.journal.get(deploymentId)?.commit;
    },
  };
}

/** A hold may last for days: of nginx's log only its end says how the release before does. */
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

/** Tells that the release serves, and begins the bake when there is one. */
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
  // who has tried one side of a canary is a user like all others now
  closePreview(context.home);
  await journal.note(id, { liveAt, served, failed, downMs: down });
  await journal.tell(id, {
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

/** What served before stands behind the new one as it was. */
function isWarm(context: DeployContext, { id, from, plan }: Deployment, standby: SlotName | null): boolean {
  if (standby === null || standby !== from?.slot) return false;
  const wasReplaced = plan?.some(({ step }) => step.do === 'start' && step.slot === standby) ?? false;
  return !wasReplaced && hasEnvironment(context, id, standby);
}

/** A warm slot with an older environment is started again, and takes longer. */
function hasEnvironment({ journal }: DeployContext, id: number, slot: SlotName): boolean {
  return (journal.lastInSlot(slot)?.environment ?? EMPTY) === (journal.get(id)?.environment ?? EMPTY);
}

/** A deploy is taken back by a rollback, a rollback by a deploy. The same release again has nothing to go back to. */
function wayBack(
  context: DeployContext,
  id: number,
  warm: boolean,
): Extract<Entry, { type: 'live' }>['back'] {
  const { kind, from, to } = context.journal.get(id) ?? {};
  if (!from || from.commit === to?.commit) return null;
  if (kind === 'deploy') return { command: 'npm run -s rollback', ms: rollbackMs(context, id, warm) };
  return { command: `npm run -s deploy -- ${short(from.commit)}`, ms: null };
}

/** What this deployment's own steps took; to a warm release those after the start are enough. */
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
