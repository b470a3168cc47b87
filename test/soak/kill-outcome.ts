/** Kills one deployment and checks that the right release is live in time, nothing is left, and the next one works. */
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
import { verdictOf } from '../support/expect-live';

/** The promise: after any kill the right release is live again within this time. */
export const PROMISED_MS = 5000;

export interface Outcome {
  /** Zero when the deployment ended before a random moment. */
  kills: number;
  /** From the kill to the last wrong answer a user got. */
  ms: number;
  requests: number;
  failed: number;
  /** Violated expectations; empty when all hold. */
  problems: string[];
}

/** @param commit deployed and killed; the bad one rolls back by itself and is killed during the rollback */
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
    ...(ms < PROMISED_MS ? [] : [`the right release was live only after ${ms} ms`]),
    ...lost(samples, strategy),
    ...wrongEnd(deployment, right === commit),
    ...(right === commit ? wrongSlots(after) : differences(before, after)),
    ...(await leftProcesses(target, deployment)),
  ];
  return {
    kills: at.length,
    ms,
    requests: samples.length,
    failed: failures(samples, strategy).length,
    problems,
  };
}

/** A deployment without a kill goes live and loses no request. */
export async function nextWorks(target: SoakClone): Promise<string[]> {
  const { clone, users, strategy } = target;
  const commit = await freshCommit(target);
  users.forget();
  const { code, text } = await deploy(target, commit);
  const samples = await users.samples();
  const problems = lost(samples, strategy);
  if (code !== 0) problems.push(`the next deployment did not go live: ${verdictOf(text)}`);
  else if ((await clone.serving()).commit !== commit) problems.push('the next deployment is not live');
  return problems;
}

export type Rest = Awaited<ReturnType<typeof atRest>>;

/** Everything but the processes themselves, which may have been restarted. */
export async function atRest({ clone }: SoakClone) {
  const { serving, ...rest } = await clone.state();
  return { commit: serving.commit, ...rest };
}

/** Whether LIVE was reported before the first kill; that release must stay live. */
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

/** For two lists, only the difference, since a home has many files. */
function changeOf(before: unknown, after: unknown): string {
  const others = (some: unknown[], than: unknown[]): string =>
    JSON.stringify(some.filter((each) => !than.some((other) => isDeepStrictEqual(each, other))));
  return Array.isArray(before) && Array.isArray(after)
    ? `${others(before, after)} became ${others(after, before)}`
    : `${JSON.stringify(before)} became ${JSON.stringify(after)}`;
}

/** After LIVE: exactly the slots in the table run, and they are healthy. */
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

/** The deployment's commands, and apps that belong to no slot; the state covers containers. */
async function leftProcesses({ clone }: SoakClone, { id }: Deployment): Promise<string[]> {
  const known = (await clone.slots()).map(({ pid }) => pid);
  const apps = withoutChildren(processesWith('SWITCHYARD_DATA', clone.home.shared));
  const left = [...commandsOf(clone.home, id), ...apps.filter(({ pid }) => !known.includes(pid))];
  return left.map(({ pid, argv }) => `process ${pid} is left: ${argv.join(' ')}`);
}
