/** Turns journal entries into the lines that every reporter prints. Pure. */
import type { Drift } from '../core/drift';
import type { ErrorCode } from '../core/errors';
import { ERRORS } from '../core/errors';
import { isPausedCanary } from '../core/canary/at-work';
import { padCells } from '../core/cells';
import { duration, liveMs, moment, named, short } from '../core/format';
import { slotsOf } from '../journal/reader';
import type { RefusedDeliveries } from '../http/webhook/deliveries';
import type { Deployment } from '../core/deployment';
import type { Entry, PhaseName } from '../core/event';
import type { Serving } from '../core/slot';
import type { Uncommitted } from '../core/uncommitted';
import { words } from './words';

const PHASE_WIDTH = 20;
const TIME_WIDTH = 8;

const TITLES: Partial<Record<PhaseName, string>> = {
  'verify-live': 'verify through nginx',
  judge: 'canary',
};

type Phase = Extract<Entry, { type: 'phase' }>;
export type Live = Extract<Entry, { type: 'live' }>;

/** The title of a phase: `fetch`, `undo: start`. */
export function phaseTitle({ phase, undo }: Pick<Phase, 'phase' | 'undo'>): string {
  const hook = /^(before|after) |^failure$/.test(phase) ? 'hook ' : '';
  return `${undo ? 'undo: ' : ''}${hook}${TITLES[phase] ?? phase}`;
}

/** The line of a finished phase: `✓ start   0.6 s   green, pid 4711`. */
export function phaseLine(entry: Phase): string {
  const sign = entry.status === 'failed' ? '✗' : entry.status === 'skipped' ? '-' : '✓';
  const time = entry.ms === undefined ? '' : duration(entry.ms);
  const columns = `${sign} ${phaseTitle(entry).padEnd(PHASE_WIDTH)} ${time.padStart(TIME_WIDTH)}`;
  return `${columns}   ${entry.detail ?? ''}`.trimEnd();
}

/** The line for a release that users have from now on; none without a bake, because the verdict follows immediately. */
export function liveLines({ serving, bakeSeconds }: Live): string[] {
  if (bakeSeconds === 0) return [];
  return [`  ${words().watched(placed(serving), bakeSeconds)}`];
}

/**
 * The last lines of a deployment: the verdict, the changes, and the possible next steps.
 * @param live its entry, once its release was live
 */
export function finalLines(
  deployment: Deployment,
  serving: Serving | null,
  behind: Drift | null = null,
  live: Live | null = null,
): string[] {
  const drift = driftLines(deployment, behind);
  if (isNothingNew(deployment)) return [...nothingNewLines(deployment, serving), ...drift];
  if (deployment.state === 'succeeded')
    return [successLine(deployment), ...(live ? changeLines(deployment, live) : []), ...drift];
  if (deployment.state === 'superseded') return [`- ${words().superseded}`];
  if (deployment.state === 'rolled-back' && deployment.fault === 'operator') {
    return [`✗ ${words().notLiveAnyMore(String(deployment.cause))}`, ...drift];
  }
  return [
    `✗ ${words().notLive(stillServing(deployment, serving), deployment.cause ?? words().states[deployment.state])}`,
    ...hintLines(deployment),
    ...drift,
  ];
}

/** `v1.2.0 (a1b2c3d) on green`. */
export function placed(release: Serving): string {
  return words().on(named(release), release.slot);
}

/** States that another release than the last deployed one is live, and why, for readers who did not see it happen. */
export function driftSummary(found: Drift): string {
  return `${words().drift(found)}: ${found.why}`;
}

/** The warning about work that a deployment leaves out; null if there is none. */
export function uncommittedLine({ changed, untracked }: Uncommitted): string | null {
  return changed + untracked === 0 ? null : `! ${words().uncommitted(changed, untracked)}`;
}

/** States that another release than the last deployed one is live, unless this deployment is the cause. */
function driftLines({ kind, state, commit }: Deployment, behind: Drift | null): string[] {
  const isKnown = state === 'aborted' || kind === 'rollback' || behind?.not.commit === commit;
  return behind === null || isKnown ? [] : [`! ${words().drift(behind)}`];
}

/** The switch's changes and cost, and the command that reverts it. */
function changeLines(
  deployment: Deployment,
  { serving, previous, served, failed, back, down }: Live,
): string[] {
  const slots = slotsOf(deployment);
  const where = slots.length > 1 ? words().inSlots(slots.join(', ')) : wayOf(previous, serving);
  return [
    ...(previous ? [`  ${words().switched(where, served, failed)}`] : []),
    ...(down ? [`  ${words().down(duration(down.ms), down.turnedAway)}`] : []),
    ...(back ? [backLine(deployment, previous, back)] : []),
  ];
}

function wayOf(previous: Serving | null, serving: Serving): string {
  return previous === null || previous.slot === serving.slot
    ? words().inSlots(serving.slot)
    : `${previous.slot} → ${serving.slot}`;
}

function backLine(
  { kind }: Deployment,
  previous: Serving | null,
  { command, ms }: NonNullable<Live['back']>,
): string {
  const time = ms === null ? null : duration(ms);
  return kind === 'rollback' && previous
    ? `  ${words().toReturn(named(previous), command, time)}`
    : `  ${words().toRollBack(command, time)}`;
}

/** True if the deployment succeeded without trying to make a release live. */
function isNothingNew({ state, cause, to }: Deployment): boolean {
  return state === 'succeeded' && cause !== null && to === null;
}

function nothingNewLines(deployment: Deployment, serving: Serving | null): string[] {
  const { cause, hint } = deployment;
  const line = words().nothingNew(stillServing(deployment, serving), String(cause));
  return [`- ${line}`, ...(hint ? [`  ${hint}`] : [])];
}

/** True for the entries of the rollback itself. After an abort, the interrupted phase is not news to the operator. */
export function isUndoing(entry: Entry): boolean {
  if (entry.type === 'phase') return entry.undo === true || entry.phase === 'failure';
  return entry.type === 'warning';
}

/** The lines for the operator who aborted the deployment, for whom it is a success. */
export function abortedLines({ id, startedAt, migration }: Deployment, serving: Serving | null): string[] {
  if (startedAt === null) return [`✓ ${words().removed(id)}`];
  const users = serving ? words().usersGet(placed(serving)) : words().noneYet;
  const { liveFails = null } = migration ?? {};
  if (liveFails !== null && serving) return [`! ${words().abortedButFails(id, named(serving), liveFails)}`];
  return [`✓ ${words().aborted(id, users)}`];
}

function successLine(deployment: Deployment): string {
  const { kind, to, downMs } = deployment;
  const what = to ? placed(to) : '';
  const ms = liveMs(deployment);
  const down = downMs === null ? null : duration(downMs);
  return `✓ ${ms === null ? words().liveAlready(what, kind) : words().liveIn(what, duration(ms), kind, down)}`;
}

function stillServing({ kind, errorCode, commit, migration }: Deployment, serving: Serving | null): string {
  // nginx may still be stopping
  if (errorCode === 'E_STOPPED') return words().noneUntilStart;
  if (!serving) return words().none;
  if (migration?.liveFails) return upperFirst(words().schemaChanged(named(serving), migration.liveFails));
  if (kind === 'env') return words().stillWithEnvironment(named(serving));
  return commit === serving.commit ? words().stillSame(named(serving)) : words().still(named(serving));
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function hintLines({ errorCode, hint }: Deployment): string[] {
  const code = errorCode !== null && errorCode in ERRORS ? (errorCode as ErrorCode) : null;
  const general = code === null ? null : ERRORS[code].hint;
  const todo = code !== null && (hint ?? general) === general ? (words().hints[code] ?? general) : hint;
  return todo ? [`  ${todo} [${errorCode}]`] : [];
}

/** `waiting for deployment 3 (a1b2c3d)`. @param held true if that deployment itself waits for an operator */
export function waitingLine(behind: Deployment | null, held = false): string {
  if (!behind) return words().waitingForPrevious;
  const what = behind.commit ? short(behind.commit) : (behind.branch ?? behind.kind);
  if (!held) return words().waiting(behind.id, what);
  const since = behind.heldAt === null ? null : moment(behind.heldAt);
  return words().waitingForHeld(behind.id, what, isPausedCanary(behind), since);
}

/** The same, with the way to end a hold, which may last for days. @param id the waiting deployment */
export function waitingLines(id: number | null, behind: Deployment | null, held = false): string[] {
  if (!behind || !held) return [waitingLine(behind, held)];
  return [
    waitingLine(behind, held),
    `  ${isPausedCanary(behind) ? words().toEndPause : words().toEndHold}`,
    `  ${words().leavesQueue(String(id))}`,
  ];
}

/** One line of `history`. */
export function refusedWebhooksLine({ count, last, message }: RefusedDeliveries): string {
  return words().refusedWebhooks(count, moment(last), message);
}

export function historyLine(d: Deployment): string {
  const what = d.to ? `${named(d.to)} ${d.to.slot}` : d.commit ? short(d.commit) : (d.branch ?? '');
  return [
    `#${d.id}`.padEnd(5),
    moment(d.createdAt),
    padCells(words().kinds[d.kind], 8),
    padCells(words().states[d.state], 11),
    what.padEnd(26),
    d.cause ?? progress(d),
  ]
    .join('  ')
    .trimEnd();
}

function progress(deployment: Deployment): string {
  const { state, heldAt } = deployment;
  if (state === 'holding') return words().heldSince(moment(heldAt ?? 0), isPausedCanary(deployment));
  const ms = liveMs(deployment);
  return ms === null ? '' : words().wasLiveIn(duration(ms));
}
