/** The journal in words. Pure: every reporter prints these lines, in its own way. */
import { isCanary } from '../core/canary/at-work';
import type { Drift } from '../core/drift';
import { driftLine } from '../core/drift';
import type { ErrorCode } from '../core/errors';
import { ERRORS } from '../core/errors';
import { duration, liveMs, moment, named, plural, short } from '../core/format';
import type { Preview } from '../http/preview/link';
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
type Live = Extract<Entry, { type: 'live' }>;

/** `fetch`, `undo: start`: what a phase is called. */
export function phaseTitle({ phase, undo }: Pick<Phase, 'phase' | 'undo'>): string {
  const hook = /^(before|after) |^failure$/.test(phase) ? 'hook ' : '';
  return `${undo ? 'undo: ' : ''}${hook}${TITLES[phase] ?? phase}`;
}

/** One line of a phase that is over: `✓ start   0.6 s   green, pid 4711`. */
export function phaseLine(entry: Phase): string {
  const sign = entry.status === 'failed' ? '✗' : entry.status === 'skipped' ? '-' : '✓';
  const time = entry.ms === undefined ? '' : duration(entry.ms);
  const columns = `${sign} ${phaseTitle(entry).padEnd(PHASE_WIDTH)} ${time.padStart(TIME_WIDTH)}`;
  return `${columns}   ${entry.detail ?? ''}`.trimEnd();
}

/** What a release going live is told with. LIVE itself is the last word, said here only when a bake follows. */
export function liveLines(live: Live): string[] {
  const { serving, previous, ms, served, failed, back, bakeSeconds } = live;
  const way = previous ? `${previous.slot} → ${serving.slot}` : serving.slot;
  return [
    ...(bakeSeconds > 0 ? [`✓ LIVE in ${duration(ms)}: ${named(serving)} on ${serving.slot}`] : []),
    `  ${way}, ${plural(served, 'request')} served and ${failed} failed during the switch`,
    ...(live.down
      ? [
          `  down for ${duration(live.down.ms)}: ${plural(live.down.turnedAway, 'request')} got the maintenance page`,
        ]
      : []),
    ...(back
      ? [`  to go back: ${back.command}${back.ms === null ? '' : ` (takes about ${duration(back.ms)})`}`]
      : []),
    ...(bakeSeconds > 0
      ? [`  watching it for ${bakeSeconds} s (Ctrl-C leaves it to itself; a bad release is rolled back)`]
      : []),
  ];
}

/** The last lines of a deployment; the very last one is its verdict. */
export function endLines(
  deployment: Deployment,
  serving: Serving | null,
  behind: Drift | null = null,
): string[] {
  const loud = behind && deployment.state !== 'aborted' ? [`! ${driftLine(behind)}`] : [];
  if (isNothingNew(deployment)) return [...loud, ...nothingNewLines(deployment, serving)];
  if (deployment.state === 'succeeded') return [...loud, successLine(deployment)];
  if (deployment.state === 'superseded') return ['- superseded: a newer push is deployed instead'];
  if (deployment.state === 'rolled-back' && deployment.fault === 'operator') {
    return [...loud, `✗ NOT LIVE any more: ${deployment.cause}`];
  }
  return [
    ...hintLines(deployment),
    ...loud,
    `✗ NOT LIVE. ${stillServing(deployment, serving)}: ${deployment.cause ?? deployment.state}`,
  ];
}

/** It went through without an attempt to make anything live. */
function isNothingNew({ state, cause, to }: Deployment): boolean {
  return state === 'succeeded' && cause !== null && to === null;
}

function nothingNewLines(deployment: Deployment, serving: Serving | null): string[] {
  const { cause, hint } = deployment;
  return [...(hint ? [`  ${hint}`] : []), `- ${stillServing(deployment, serving)}: ${cause}`];
}

/** What is told of a release that waits for a person, and what that person can do. */
export function heldLines(
  deployment: Deployment,
  preview: Preview | null,
  serving: Serving | null,
): string[] {
  const { createdAt, heldAt, to, id } = deployment;
  const what = to ? `${named(to)} on ${to.slot}` : '';
  const users = serving ? `users get ${named(serving)} on ${serving.slot}` : 'users get nothing yet';
  if (isPausedCanary(deployment)) {
    return [
      `! PAUSED: deployment ${id}: ${what} keeps its share of the users; the others get what they had`,
      ...canaryLines(preview, null),
    ];
  }
  if (deployment.cause !== null) return failedBatchLines(deployment.cause);
  const took = heldAt === null ? '' : ` in ${duration(heldAt - createdAt)}`;
  const { liveFails = null } = deployment.migration ?? {};
  if (liveFails !== null && serving) {
    return [
      `! ${movedLine(serving, liveFails)}`,
      '  promote is what helps; abort leaves it so, because a migration is not taken back',
      `✓ HELD${took}: ${what} is verified`,
      ...tryLines(preview),
    ];
  }
  return [`✓ HELD${took}: ${what} is verified; ${users}`, ...tryLines(preview)];
}

/** Of a rolling deployment, as it is to: some slots have the release, and those of the batch that failed do not. */
function failedBatchLines(cause: string): string[] {
  return [
    '  its slots are as they were; those before it have the new version',
    '  then:     npm run -s promote (tries it again)   or   npm run -s abort (puts all back)',
    `! HELD: a batch failed: ${cause}`,
  ];
}

/** How to try a release that is held, and how to end that. */
export function tryLines(preview: Preview | null): string[] {
  return [
    ...(preview
      ? [`  try it:   ${preview.link}`, `  or:       curl -H '${preview.header}' ${preview.url}`]
      : []),
    '  then:     npm run -s promote   or   npm run -s abort',
  ];
}

/** How to meet either side of a canary, whatever one's own cohort is, and what a person can do. */
export function canaryLines(canary: Preview | null, stable: Preview | null): string[] {
  const way = (name: string, preview: Preview | null): string[] =>
    preview ? [`  ${name}   ${preview.link}`, `  or:       curl -H '${preview.header}' ${preview.url}`] : [];
  return [
    ...way('canary:', canary),
    ...way('stable:', stable),
    '  then:     npm run -s promote, abort, pause or resume',
  ];
}

/** One that is held before its first step is like every other. */
function isPausedCanary(deployment: Deployment): boolean {
  return deployment.state === 'holding' && isCanary(deployment) && !deployment.hold;
}

/** What an abort does. The phase that happens to run, and its end, are no news to the operator who ended it. */
export function isUndoing(entry: Entry): boolean {
  if (entry.type === 'phase') return entry.undo === true || entry.phase === 'failure';
  return entry.type === 'warning';
}

/** For whoever has aborted it: that is what they wanted. */
export function abortedLines({ id, startedAt, migration }: Deployment, serving: Serving | null): string[] {
  if (startedAt === null) return [`✓ deployment ${id} is out of the queue`];
  const users = serving ? `users get ${named(serving)} on ${serving.slot}` : 'nothing is served yet';
  const { liveFails = null } = migration ?? {};
  if (liveFails !== null && serving)
    return [`! ABORTED: deployment ${id} is taken back, but ${movedLine(serving, liveFails)}`];
  return [`✓ ABORTED: deployment ${id} is taken back; ${users}`];
}

function successLine(deployment: Deployment): string {
  const { kind, to, downMs } = deployment;
  const how = kind === 'env' ? ', with the new environment' : '';
  const what = to ? `${named(to)} on ${to.slot}${how}` : '';
  const ms = liveMs(deployment);
  return ms === null
    ? `✓ LIVE already: ${what}`
    : `✓ LIVE in ${duration(ms)}: ${what}${downMs === null ? '' : `, down for ${duration(downMs)}`}`;
}

function stillServing({ kind, errorCode, commit, migration }: Deployment, serving: Serving | null): string {
  // nginx may not have ended yet, but will
  if (errorCode === 'E_STOPPED') return 'Nothing is served until npm start';
  if (!serving) return 'No release is live';
  if (migration?.liveFails) return upperFirst(movedLine(serving, migration.liveFails));
  if (kind === 'env') return `Still serving ${named(serving)} with the environment as it was`;
  return `Still serving ${named(serving)}${commit === serving.commit ? ', the same commit' : ''}`;
}

function hintLines({ errorCode, hint }: Deployment): string[] {
  const known = errorCode !== null && errorCode in ERRORS ? ERRORS[errorCode as ErrorCode] : null;
  const todo = hint ?? known?.hint;
  return todo ? [`  ${todo} [${errorCode}]`] : [];
}

/** What a migration did to the release that is live. */
export function movedLine(serving: Serving, liveFails: string): string {
  return `the schema moved, and ${named(serving)} now fails (${liveFails})`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `waiting for deployment 3 (a1b2c3d)`. @param held when that one waits for a person itself */
export function waitingLine(behind: Deployment | null, held = false): string {
  if (!behind) return 'waiting for the deployment before';
  const what = behind.commit ? short(behind.commit) : (behind.branch ?? behind.kind);
  const line = `waiting for deployment ${behind.id} (${what})`;
  return held ? `${line}, which is held: npm run -s promote, or npm run -s abort` : line;
}

/** One line of `history`. */
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
  if (state === 'holding') return `since ${moment(heldAt ?? 0)}: npm run -s promote, or npm run -s abort`;
  const ms = liveMs(deployment);
  return ms === null ? '' : `live in ${duration(ms)}`;
}
