/** One deployment, killed: does the right release serve in time, is nothing left behind, and does the next one work? */
import { isDeepStrictEqual } from 'node:util';
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { JournalEvent } from '../../deploy/core/event';
import type { Commit } from '../../deploy/core/release';
import { processesWith, withoutChildren } from '../../deploy/os/process-table';
import { commandsOf } from '../support/crash';
import { killsDone, orderKills } from './kill-orders';
import { isMoment, type Point } from './points';
import { failures, msUntilRight, type Sample } from './users';
import { deploy, freshCommit, type SoakClone } from './soak-clone';

/** The promise: after any kill the right release serves again within this time. */
export const PROMISED_MS = 5000;

export interface Outcome {
  /** One that is to be killed at a moment may come to its end before. */
  kills: number;
  /** From the kill to the last wrong answer that a user got. */
  ms: number;
  asked: number;
  failed: number;
  /** What is not as it must be; empty when all is well. */
  problems: string[];
}

/** @param commit what is deployed and killed; the bad one is taken back by itself, in the middle of which it is killed */
export async function killedAt(target: SoakClone, point: Point, commit: Commit): Promise<Outcome> {
  const { clone, users, strategy } = target;
  const before = await atRest(target);
  users.forget();
  orderKills(clone.dir, point.orders);

  const { deployment, events } = await deploy(target, commit);
  const at = killsDone(clone.dir);
  const right = wasLive(events) && commit !== target.bad ? commit : before.commit;
  const samples = [...(await users.samples())];
  const ms = msUntilRight(samples, at.at(-1) ?? Infinity, right);
  const after = await atRest(target);
  const problems = [
    ...(at.length === 0 && !isMoment(point) ? ['it was not killed'] : []),
    ...(ms < PROMISED_MS ? [] : [`the right release served only after ${ms} ms`]),
    ...lost(samples, strategy),
    ...wrongEnd(deployment, right === commit),
    ...(right === commit ? wrongSlots(after) : differences(before, after)),
    ...(await leftProcesses(target, deployment)),
  ];
  return {
    kills: at.length,
    ms,
    asked: samples.length,
    failed: failures(samples, strategy).length,
    problems,
  };
}

/** A deployment that nobody kills goes through, and nobody loses a request. */
export async function nextWorks(target: SoakClone): Promise<string[]> {
  const { clone, users, strategy } = target;
  const commit = await freshCommit(target);
  users.forget();
  const { code, text } = await deploy(target, commit);
  const samples = await users.samples();
  const problems = lost(samples, strategy);
  if (code !== 0) problems.push(`the next deployment did not go live: ${text.trim().split('\n').at(-1)}`);
  else if ((await clone.serving()).commit !== commit) problems.push('the next deployment does not serve');
  return problems;
}

export type Rest = Awaited<ReturnType<typeof atRest>>;

/** All but the very processes: those may have been started again. */
export async function atRest({ clone }: SoakClone) {
  const { serving, ...rest } = await clone.state();
  return { commit: serving.commit, ...rest };
}

/** Before the first kill: who was told LIVE keeps it. */
export function wasLive(events: JournalEvent[]): boolean {
  const isRecovery = ({ entry }: JournalEvent): boolean =>
    entry.type === 'warning' && entry.message.startsWith('its process died');
  const recovered = events.findIndex(isRecovery);
  const until = recovered === -1 ? events : events.slice(0, recovered);
  return until.some(({ entry }) => entry.type === 'live');
}

export function lost(samples: Sample[], strategy: string): string[] {
  const failed = failures(samples, strategy);
  return failed.length === 0
    ? []
    : [`${failed.length} of ${samples.length} requests failed (${failed[0]?.status ?? 'no answer'})`];
}

export function wrongEnd({ state, errorCode }: Deployment, live: boolean): string[] {
  const isRight = live ? state === 'succeeded' : state === 'interrupted' && errorCode === 'E_INTERRUPTED';
  return isRight ? [] : [`it ended as ${state} (${errorCode ?? 'no error'})`];
}

export function differences<T extends object>(before: T, after: T): string[] {
  const keys = Object.keys(before) as (keyof T & string)[];
  return keys
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => `${key}: ${changeOf(before[key], after[key])}`);
}

/** Of two lists only what differs: a home has many files. */
function changeOf(before: unknown, after: unknown): string {
  const others = (some: unknown[], than: unknown[]): string =>
    JSON.stringify(some.filter((each) => !than.some((other) => isDeepStrictEqual(each, other))));
  return Array.isArray(before) && Array.isArray(after)
    ? `${others(before, after)} became ${others(after, before)}`
    : `${JSON.stringify(before)} became ${JSON.stringify(after)}`;
}

/** It went live: what runs is what the table names, and runs well. */
export function wrongSlots({ table, slots }: Rest): string[] {
  const standby = table.standby === null ? [] : [table.standby];
  const named = [...new Set([...servingSlots(table), ...standby])].sort();
  const running = slots.map(({ slot }) => slot);
  const unhealthy = slots.filter(
    ({ status, restarts, orphan }) => status !== 'online' || restarts > 0 || orphan,
  );
  return [
    ...(isDeepStrictEqual(named, running)
      ? []
      : [`the table names ${named.join(', ')}, and ${running.join(', ')} run`]),
    ...unhealthy.map(({ slot, status, restarts }) => `${slot} is ${status}, restarted ${restarts} times`),
  ];
}

/** Its commands, and apps that no slot knows of; containers stand in the state. */
async function leftProcesses({ clone }: SoakClone, { id }: Deployment): Promise<string[]> {
  const known = (await clone.slots()).map(({ pid }) => pid);
  const apps = withoutChildren(processesWith('SWITCHYARD_DATA', clone.home.shared));
  const left = [...commandsOf(clone.home, id), ...apps.filter(({ pid }) => !known.includes(pid))];
  return left.map(({ pid, argv }) => `process ${pid} is left: ${argv.join(' ')}`);
}
