/** English, and the type of every catalogue: a catalogue without one of its sentences does not compile. */
import type { DeploymentKind, DeploymentState } from '../../core/deployment';
import { driftLine } from '../../core/drift';
import type { ErrorCode } from '../../core/errors';
import { plural } from '../../core/format';
import type { SlotView } from '../../health/serving';

const SAME_STATES = {
  queued: 'queued',
  running: 'running',
  holding: 'holding',
  baking: 'baking',
  succeeded: 'succeeded',
  failed: 'failed',
  'rolled-back': 'rolled-back',
  aborted: 'aborted',
  superseded: 'superseded',
  interrupted: 'interrupted',
} satisfies Record<DeploymentState, string>;

const SAME_KINDS = {
  deploy: 'deploy',
  rollback: 'rollback',
  restore: 'restore',
  env: 'env',
  restart: 'restart',
} satisfies Record<DeploymentKind, string>;

const SAME_ROLES = {
  active: 'active',
  serving: 'serving',
  canary: 'canary',
  warm: 'warm',
  held: 'held',
  idle: 'idle',
} satisfies Record<SlotView['role'], string>;

const SUCCESS: Partial<Record<DeploymentKind, string>> = {
  env: ', with the new environment',
  restart: ', restarted',
};

const uncommitted = (changed: number, untracked: number): string => {
  const parts = [
    ...(changed > 0 ? [plural(changed, 'changed file')] : []),
    ...(untracked > 0 ? [plural(untracked, 'untracked file')] : []),
  ];
  const verb = changed + untracked === 1 ? 'is' : 'are';
  return `${parts.join(' and ')} ${verb} not in this version (git commit first)`;
};

/** Parameters that name a release, a duration or a cause are formatted already. */
export const en = {
  /** A release in a slot. */
  on: (release: string, slot: string) => `${release} on ${slot}`,
  watched: (what: string, seconds: number) =>
    `users get ${what}, watched for ${seconds} s; Ctrl-C ends only this output`,

  liveIn: (what: string, time: string, kind: DeploymentKind, down: string | null) =>
    `LIVE in ${time}: ${what}${SUCCESS[kind] ?? ''}${down === null ? '' : `, down for ${down}`}`,
  liveAlready: (what: string, kind: DeploymentKind) => `LIVE already: ${what}${SUCCESS[kind] ?? ''}`,
  inSlots: (slots: string) => `in ${slots}`,
  switched: (where: string, served: number, failed: number) =>
    served + failed === 0
      ? `${where}, no request during the switch`
      : `${where}, ${plural(served, 'request')} served and ${failed} failed during the switch`,
  down: (time: string, requests: number) =>
    `down for ${time}: ${plural(requests, 'request')} got the maintenance page`,
  toRollBack: (command: string, time: string | null) => `to roll back: ${command}${en.takes(time)}`,
  toReturn: (release: string, command: string, time: string | null) =>
    `to make ${release} live again: ${command}${en.takes(time)}`,
  takes: (time: string | null) => (time === null ? '' : ` (takes about ${time})`),

  superseded: 'superseded: a newer push is deployed instead',
  notLiveAnyMore: (cause: string) => `NOT LIVE any more: ${cause}`,
  notLive: (still: string, cause: string) => `NOT LIVE. ${still}: ${cause}`,
  nothingNew: (still: string, cause: string) => `${still}: ${cause}`,
  still: (release: string) => `Still serving ${release}`,
  stillSame: (release: string) => `Still serving ${release}, the same commit`,
  stillWithEnvironment: (release: string) => `Still serving ${release} with its previous environment`,
  noneUntilStart: 'No release is live until you run npm start',
  none: 'No release is live',
  schemaChanged: (release: string, why: string) =>
    `a migration changed the schema, and ${release} now fails (${why})`,
  drift: driftLine,

  removed: (id: number) => `deployment ${id} was removed from the queue`,
  aborted: (id: number, users: string) => `ABORTED: deployment ${id} is undone; ${users}`,
  abortedButFails: (id: number, release: string, why: string) =>
    `ABORTED: deployment ${id} is undone, but ${en.schemaChanged(release, why)}`,
  usersGet: (what: string) => `users get ${what}`,
  usersGetNothing: 'users get nothing yet',
  noneYet: 'no release is live yet',

  waitingForPrevious: 'waiting for the previous deployment',
  waiting: (id: number, what: string) => `waiting for deployment ${id} (${what})`,
  waitingForHeld: (id: number, what: string, isCanary: boolean, since: string | null) =>
    `waiting for deployment ${id} (${what}), which ${isCanary ? 'is a canary paused' : 'is held'}${since === null ? '' : ` since ${since}`}`,
  toEndHold: 'to end that: ./switchyard promote or abort',
  toEndPause: 'to end that: ./switchyard promote, abort or resume',
  leavesQueue: (id: string) => `Ctrl-C leaves this one in the queue, and ./switchyard abort ${id} removes it`,
  staysQueued: (id: number) => `deployment ${id} stays in the queue; to remove it: ./switchyard abort ${id}`,
  continues: (id: number) => `deployment ${id} continues in the background: ./switchyard history`,

  held: (time: string | null, what: string, users: string) =>
    `HELD${time === null ? '' : ` in ${time}`}: ${what} is verified; ${users}`,
  heldButFails: (time: string | null, what: string) =>
    `HELD${time === null ? '' : ` in ${time}`}: ${what} is verified`,
  promoteFixes: 'promote fixes this; abort does not, because a migration is never undone',
  heldBatch: (cause: string) => `HELD: a batch failed: ${cause}`,
  heldBatchState: 'its slots are restored; earlier batches have the new version',
  pausedCanary: (id: number, what: string) =>
    `PAUSED: deployment ${id}: ${what} keeps its share of users; all others stay on the stable release`,
  paused: (id: number) => `PAUSED: deployment ${id}`,
  notPaused: (id: number, state: string) => `deployment ${id} is ${state}`,
  /** Labels above each other. */
  tryIt: 'try it:',
  orWith: 'or:',
  then: 'then:',
  canary: 'canary:',
  stable: 'stable:',
  promoteOrAbort: './switchyard promote   or   ./switchyard abort',
  promoteBatch: './switchyard promote (tries again)   or   ./switchyard abort (undoes everything)',
  steerCanary: './switchyard promote, abort or pause',
  steerPaused: './switchyard promote, abort or resume',

  kinds: SAME_KINDS,
  states: SAME_STATES,
  roles: SAME_ROLES,
  heldSince: (moment: string, isCanary: boolean) =>
    `since ${moment}: ./switchyard promote, ${isCanary ? 'abort or resume' : 'or ./switchyard abort'}`,
  wasLiveIn: (time: string) => `live in ${time}`,
  refusedWebhooks: (count: number, last: string, message: string) =>
    `${plural(count, 'webhook')} refused, the last at ${last}: ${message}`,

  empty: 'empty',
  serves: 'serves',
  answers: (message: string) => `answers ${message}`,
  runs: 'is running',
  doesNotRun: 'is not running (npm start)',
  earlierSecret: (until: string) => `the earlier webhook secret is valid too, until ${until}`,

  everyCheckPassed: 'every check passed',
  findings: (faults: number, warnings: number) =>
    [
      ...(faults > 0 ? [plural(faults, 'fault')] : []),
      ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ].join(', '),
  notChecked: (checks: string) => `not checked: ${checks}`,

  isLive: (release: string, slot: string, url: string) => `${release} is live on ${slot}   ${url}`,
  background: 'it runs in the background (npm stop stops it)',
  ranAlready: (done: string) => `it was running already: ${done}`,
  nothingChanged: 'nothing was changed',
  next: (push: string) => `Next: change a line in app/, then  git commit -am hello && ${push}`,
  fromElsewhere: (url: string) => `From another machine: git remote add live ${url}`,
  headIsNotLive: (commit: string) =>
    `${commit}, the current commit of this clone, is not live: ./switchyard deploy`,
  stopped: 'stopped; npm start makes the same release live again',
  uncommitted,

  nothingToDeploy: (why: string) => `Nothing to deploy: ${why}`,
  toDeployIt: (command: string) => `To deploy it: ${command}`,
  nothingPushed: (cause: string) => `Nothing was pushed: ${cause}`,
  pushedButNotLive: (cause: string) => `NOT LIVE. The push arrived, but: ${cause}`,

  /** The general hint of an error code; without an entry, that of core/errors. */
  hints: {} as Partial<Record<ErrorCode, string>>,
};

export type Words = typeof en;
