/** Turns journal entries into the lines that every reporter prints. Pure. */
import type { Drift } from '../core/drift';
import { driftLine } from '../core/drift';
import type { ErrorCode } from '../core/errors';
import { ERRORS } from '../core/errors';
import { isPausedCanary } from '../core/canary/at-work';
import { duration, liveMs, moment, named, plural, short } from '../core/format';
import { slotsOf } from '../journal/reader';
import type { RefusedDeliveries } from '../http/webhook/deliveries';
import type { Deployment } from '../core/deployment';
import type { Entry, PhaseName } from '../core/event';
import type { Serving } from '../core/slot';

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

/** The line for a release that users have from now on; none without a bake, whose end follows at once. */
export function liveLines({ serving, bakeSeconds }: Live): string[] {
  if (bakeSeconds === 0) return [];
  const watched = `watched for ${bakeSeconds} s; Ctrl-C ends only this output`;
  return [`  users get ${named(serving)} on ${serving.slot}, ${watched}`];
}

/**
 * The last lines of a deployment: the verdict, what has changed, and what can follow.
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
  if (deployment.state === 'superseded') return ['- superseded: a newer push is deployed instead'];
  if (deployment.state === 'rolled-back' && deployment.fault === 'operator') {
    return [`✗ NOT LIVE any more: ${deployment.cause}`, ...drift];
  }
  return [
    `✗ NOT LIVE. ${stillServing(deployment, serving)}: ${deployment.cause ?? deployment.state}`,
    ...hintLines(deployment),
    ...drift,
  ];
}

/** Says that another release than the last deployed one is live, unless that is what this deployment is about. */
function driftLines({ kind, state, commit }: Deployment, behind: Drift | null): string[] {
  const isKnown = state === 'aborted' || kind === 'rollback' || behind?.not.commit === commit;
  return behind === null || isKnown ? [] : [`! ${driftLine(behind)}`];
}

/** What the switch has changed and cost, and the command that reverts it. */
function changeLines(
  deployment: Deployment,
  { serving, previous, served, failed, back, down }: Live,
): string[] {
  const slots = slotsOf(deployment);
  const where = slots.length > 1 ? `in ${slots.join(', ')}` : wayOf(previous, serving);
  const requests =
    served + failed === 0 ? 'no request' : `${plural(served, 'request')} served and ${failed} failed`;
  return [
    ...(previous ? [`  ${where}, ${requests} during the switch`] : []),
    ...(down
      ? [`  down for ${duration(down.ms)}: ${plural(down.turnedAway, 'request')} got the maintenance page`]
      : []),
    ...(back ? [backLine(deployment, previous, back)] : []),
  ];
}

function wayOf(previous: Serving | null, serving: Serving): string {
  return previous === null || previous.slot === serving.slot
    ? `in ${serving.slot}`
    : `${previous.slot} → ${serving.slot}`;
}

function backLine(
  { kind }: Deployment,
  previous: Serving | null,
  { command, ms }: NonNullable<Live['back']>,
): string {
  const what = kind === 'rollback' && previous ? `to make ${named(previous)} live again` : 'to roll back';
  return `  ${what}: ${command}${ms === null ? '' : ` (takes about ${duration(ms)})`}`;
}

/** True if the deployment succeeded without trying to make a release live. */
function isNothingNew({ state, cause, to }: Deployment): boolean {
  return state === 'succeeded' && cause !== null && to === null;
}

function nothingNewLines(deployment: Deployment, serving: Serving | null): string[] {
  const { cause, hint } = deployment;
  return [`- ${stillServing(deployment, serving)}: ${cause}`, ...(hint ? [`  ${hint}`] : [])];
}

/** True for the entries of the rollback itself. After an abort, the interrupted phase is not news to the operator. */
export function isUndoing(entry: Entry): boolean {
  if (entry.type === 'phase') return entry.undo === true || entry.phase === 'failure';
  return entry.type === 'warning';
}

/** The lines for the operator who aborted the deployment, for whom it is a success. */
export function abortedLines({ id, startedAt, migration }: Deployment, serving: Serving | null): string[] {
  if (startedAt === null) return [`✓ deployment ${id} was removed from the queue`];
  const users = serving ? `users get ${named(serving)} on ${serving.slot}` : 'no release is live yet';
  const { liveFails = null } = migration ?? {};
  if (liveFails !== null && serving)
    return [`! ABORTED: deployment ${id} is undone, but ${schemaChangedLine(serving, liveFails)}`];
  return [`✓ ABORTED: deployment ${id} is undone; ${users}`];
}

function successLine(deployment: Deployment): string {
  const { kind, to, downMs } = deployment;
  const how = { env: ', with the new environment', restart: ', restarted' }[kind as string] ?? '';
  const what = to ? `${named(to)} on ${to.slot}${how}` : '';
  const ms = liveMs(deployment);
  return ms === null
    ? `✓ LIVE already: ${what}`
    : `✓ LIVE in ${duration(ms)}: ${what}${downMs === null ? '' : `, down for ${duration(downMs)}`}`;
}

function stillServing({ kind, errorCode, commit, migration }: Deployment, serving: Serving | null): string {
  // nginx may still be stopping
  if (errorCode === 'E_STOPPED') return 'No release is live until npm start';
  if (!serving) return 'No release is live';
  if (migration?.liveFails) return upperFirst(schemaChangedLine(serving, migration.liveFails));
  if (kind === 'env') return `Still serving ${named(serving)} with its previous environment`;
  return `Still serving ${named(serving)}${commit === serving.commit ? ', the same commit' : ''}`;
}

function hintLines({ errorCode, hint }: Deployment): string[] {
  const known = errorCode !== null && errorCode in ERRORS ? ERRORS[errorCode as ErrorCode] : null;
  const todo = hint ?? known?.hint;
  return todo ? [`  ${todo} [${errorCode}]`] : [];
}

/** Says that a migration broke the live release. */
export function schemaChangedLine(serving: Serving, liveFails: string): string {
  return `a migration changed the schema, and ${named(serving)} now fails (${liveFails})`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `waiting for deployment 3 (a1b2c3d)`. @param held true if that deployment itself waits for an operator */
export function waitingLine(behind: Deployment | null, held = false): string {
  if (!behind) return 'waiting for the previous deployment';
  const what = behind.commit ? short(behind.commit) : (behind.branch ?? behind.kind);
  const line = `waiting for deployment ${behind.id} (${what})`;
  if (!held) return line;
  const since = behind.heldAt === null ? '' : ` since ${moment(behind.heldAt)}`;
  return `${line}, which ${isPausedCanary(behind) ? 'is a canary paused' : 'is held'}${since}`;
}

/** The same, and how to end a hold: it may last for days. @param id the deployment that waits */
export function waitingLines(id: number | null, behind: Deployment | null, held = false): string[] {
  if (!behind || !held) return [waitingLine(behind, held)];
  const ends = isPausedCanary(behind) ? 'promote, abort or resume' : 'promote or abort';
  return [
    waitingLine(behind, held),
    `  to end that: ./switchyard ${ends}`,
    `  Ctrl-C leaves this one in the queue, and ./switchyard abort ${id} removes it`,
  ];
}

/** One line of `history`. */
export function refusedWebhooksLine({ count, last, message }: RefusedDeliveries): string {
  return `${plural(count, 'webhook')} refused, the last at ${moment(last)}: ${message}`;
}

export function historyLine(d: Deployment): string {
  const what = d.to ? `${named(d.to)} ${d.to.slot}` : d.commit ? short(d.commit) : (d.branch ?? '');
  return [
    `#${d.id}`.padEnd(5),
    moment(d.createdAt),
    d.kind.padEnd(8),
    d.state.padEnd(11),
    what.padEnd(26),
    d.cause ?? progress(d),
  ]
    .join('  ')
    .trimEnd();
}

function progress(deployment: Deployment): string {
  const { state, heldAt } = deployment;
  if (state === 'holding') return `since ${moment(heldAt ?? 0)}: ./switchyard promote, or ./switchyard abort`;
  const ms = liveMs(deployment);
  return ms === null ? '' : `live in ${duration(ms)}`;
}
