/** The cost of a strategy, from the users' responses and from samples of the slots' ports. Pure. */
import type { Answer, Period, Version } from './slices';

/** The slots that listened at that moment, and the resident memory of their processes in bytes. */
export interface Sample {
  at: number;
  running: string[];
  memory: number;
}

/** Milliseconds since the start of the tour; absent until reached. */
export interface Marks {
  /** The release is built; from now on slots and traffic change. */
  started: number;
  live?: number;
  /** The rollback command was entered, or Switchyard has found the release bad. */
  rollback?: number;
  end?: number;
}

export interface Cost {
  requests: number;
  failed: number;
  /** Users who met a failure, and all users. */
  affected: number;
  users: number;
  /** Requests that got the maintenance page. */
  turnedAway: number;
  /** How long every user got the maintenance page: the longer of deployment and rollback. */
  downMs: number;
  /** How long both versions answered during the deployment. */
  bothMs: number;
  /** Users who got the old version after the new one, before the rollback. */
  flipFlopped: number;
  /** From the start until all users had the new version. */
  liveMs: number | null;
  /** The maximum number of slots that ran at the same time before the rollback. */
  maxRunning: number;
  /** The maximum memory that all slots used together, in bytes. */
  maxMemory: number;
  /** The fewest slots that answered users at any moment. */
  minServing: number;
  /** From the start of the rollback until all users had the old version again. */
  rollbackMs: number | null;
  /** From the first response of the new version, or failure, to the last. */
  newMs: number;
}

/** Two versions count as live at the same time if they overlap for longer than a shift takes to reach every user. */
export const AT_ONCE_MS = 100;
/** A slot is serving at a moment if it answered a user this close to it. */
const AROUND_MS = 150;

/** @param answers in order of time */
export function measure(answers: Answer[], samples: Sample[], marks: Marks): Cost {
  const { started, live, rollback = Infinity } = marks;
  const all = answers.filter(({ at }) => at >= started);
  const before = all.filter(({ at }) => at < rollback);
  const after = all.filter(({ at }) => at >= rollback);
  const untilLive = samples.filter(({ at }) => isWithin(at, { from: started, to: live ?? Infinity }));
  // a standby for the rollback costs memory, too
  const untilRollback = samples.filter(({ at }) => isWithin(at, { from: started, to: rollback }));
  const failures = all.filter(({ outcome }) => outcome === 'failed');
  const newForAll = allUsersHave('new', before);
  const oldForAll = allUsersHave('old', after);
  return {
    requests: all.length,
    failed: failures.length,
    affected: usersOf(failures),
    users: usersOf(all),
    turnedAway: all.filter(({ outcome }) => outcome === 'turned away').length,
    downMs: Math.max(downMs(before), downMs(after)),
    bothMs: bothMs(before),
    flipFlopped: flipFlopped(before),
    liveMs: newForAll === null ? null : newForAll - started,
    maxRunning: Math.max(0, ...untilRollback.map(({ running }) => running.length)),
    maxMemory: Math.max(0, ...untilRollback.map(({ memory }) => memory)),
    minServing: untilLive.length === 0 ? 0 : Math.min(...untilLive.map(({ at }) => serving(at, before))),
    rollbackMs: oldForAll === null || rollback === Infinity ? null : oldForAll - rollback,
    newMs: newMs(all),
  };
}

/** The moment after which users get only this version; null while some still get the other one. */
function allUsersHave(version: Version, answers: Answer[]): number | null {
  const lastOther = answers.findLastIndex((answer) => answer.version !== version);
  return answers[lastOther + 1]?.at ?? null;
}

/** From the first response of the new version to the last of the old one. */
function bothMs(answers: Answer[]): number {
  const first = answers.find(({ version }) => version === 'new');
  const last = answers.findLast(({ version }) => version === 'old');
  return first && last ? Math.max(0, last.at - first.at) : 0;
}

function flipFlopped(answers: Answer[]): number {
  const hadNew = new Set<number>();
  const back = new Set<number>();
  for (const { user, version } of answers) {
    if (version === 'new') hadNew.add(user);
    if (version === 'old' && hadNew.has(user)) back.add(user);
  }
  return back.size;
}

function newMs(answers: Answer[]): number {
  const isNew = ({ version }: Answer): boolean => version !== 'old';
  return (answers.findLast(isNew)?.at ?? 0) - (answers.find(isNew)?.at ?? 0);
}

function usersOf(answers: Answer[]): number {
  return new Set(answers.map(({ user }) => user)).size;
}

/** From the first maintenance page to the first response after the last one. */
function downMs(answers: Answer[]): number {
  const first = answers.find(({ outcome }) => outcome === 'turned away');
  if (first === undefined) return 0;
  const last = answers.findLastIndex(({ outcome }) => outcome === 'turned away');
  const next = answers.slice(last).find(({ outcome }) => outcome === 'ok') ?? answers[last];
  return (next?.at ?? 0) - first.at;
}

/** The number of slots that answered around that moment. */
function serving(moment: number, answers: Answer[]): number {
  const close = answers.filter(({ at }) => Math.abs(at - moment) <= AROUND_MS);
  return new Set(close.flatMap(({ slot }) => (slot === null ? [] : [slot]))).size;
}

function isWithin(at: number, { from, to }: Period): boolean {
  return at >= from && at <= to;
}
