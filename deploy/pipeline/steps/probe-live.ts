/**
 * Checks whether the live release still works after another release's migration: compares its health path, its smoke
 * paths and its users' errors with those from before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inService } from '../../core/traffic-split';
import type { Migration } from '../../core/deployment';
import type { SlotName } from '../../core/slot';
import type { BakeRule, Counts } from '../../core/verdict';
import { capPerClient, errorVerdict, sumOf } from '../../core/verdict';
import { waitUntil } from '../../os/wait-until';
import type { LogPosition } from '../../traffic/access-log';
import { countRequests, logPosition, readRecent, readRequests } from '../../traffic/access-log';
import { probe } from '../../traffic/probe';
import type { DeployContext } from '../../context';
import { slotNamed } from '../../context';
import { builtHealthPath } from '../../health/health-path';
import { findRelease } from '../../release/releases';

type Before = Pick<Migration, 'sound' | 'before'>;

const PROBE_TIMEOUT_MS = 2000;
/** A single bad response may be a glitch. */
const BAD_ANSWERS = 3;
const ASK_AGAIN_MS = 150;
/** The part of nginx's log that defines the usual error ratio. */
const USUAL_MS = 300_000;
/** This many requests expose a release that fails all of them. */
const FEW_REQUESTS = 5;
/** How long to wait for users' requests, if there were some before. */
const EVIDENCE_MS = 1000;
const POLL_EVERY_MS = 50;

/** Records what works before a migration. */
export async function recordLiveBaseline(context: DeployContext): Promise<Before> {
  const [table, running] = await Promise.all([context.traffic.current(), context.runtime.list()]);
  const slots = inService(table);
  const asked = running
    .filter(({ slot, pid }) => pid !== null && slots.includes(slot))
    .flatMap(({ slot, commit }) => pathsOf(context, commit).map((path) => ({ slot, commit, path })));
  const answers = await Promise.all(
    asked.map(async (each) => ({ each, said: await badAnswer(context, each) })),
  );
  const sound = answers.filter(({ said }) => said === null).map(({ each }) => each);
  const recent = readRecent(context.home, Date.now() - USUAL_MS);
  const before = countsOf(slots, countRequests(recent).slots);
  // without the addresses, because the journal stores it
  return { sound, before: capPerClient(before, ruleOf(context)) };
}

/** Why the live release fails now, as one clause; null while it works. @param from log position to count errors from */
export async function liveFails(
  context: DeployContext,
  known: Before,
  from: LogPosition,
): Promise<string | null> {
  const { active } = await context.traffic.current();
  if (active === null || known.sound.length === 0) return null;
  for (const each of known.sound) {
    const said = await repeatedly(() => badAnswer(context, each));
    if (said !== null) return `${each.path} in ${each.slot} answers ${said}`;
  }
  return usersErrors(context, known, from);
}

/** Waits briefly for users' requests, if there were some before. */
async function usersErrors(
  context: DeployContext,
  { sound, before }: Before,
  from: LogPosition,
): Promise<string | null> {
  const rule = ruleOf(context);
  const slots = [...new Set(sound.map(({ slot }) => slot))];
  let why: string | null = null;
  const isDecided = (): boolean => {
    const now = countsOf(slots, countRequests(readRequests(context.home, from).requests).slots);
    why = errorVerdict(before, now, rule);
    return why !== null || now.requests >= context.config.bake.minRequests;
  };
  const withinMs = before.requests > 0 ? EVIDENCE_MS : 0;
  await waitUntil(isDecided, { everyMs: POLL_EVERY_MS, withinMs });
  return why;
}

function ruleOf({ config: { bake } }: DeployContext): BakeRule {
  return { ...bake, minRequests: Math.min(bake.minRequests, FEW_REQUESTS) };
}

/** Updates the recorded migration with the live release's state; null if nothing was recorded before the migration. */
export async function checkLive(
  context: DeployContext,
  id: number,
  from = logPosition(context.home),
): Promise<Migration | null> {
  const known = context.journal.get(id)?.migration ?? null;
  if (known === null) return null;
  const migration = { ...known, liveFails: await liveFails(context, known, from) };
  if (migration.liveFails !== known.liveFails) await context.journal.note(id, { migration });
  return migration;
}

function pathsOf(context: DeployContext, commit: string): string[] {
  return [builtHealthPath(context, commit), ...(findRelease(context.home, commit)?.app.smoke ?? [])];
}

/** Why a path's response is bad; null for a good one. */
async function badAnswer(
  context: DeployContext,
  { slot, commit, path }: Before['sound'][number],
): Promise<string | null> {
  const { port } = slotNamed(context, slot);
  const answer = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
  // another release has replaced it in the slot
  if (answer.commit !== null && answer.commit !== commit) return null;
  return answer.status !== null && answer.status < 400 ? null : answer.message;
}

/** The last of several bad responses, or null as soon as one is good. */
async function repeatedly(question: () => Promise<string | null>): Promise<string | null> {
  for (let asked = 1; ; asked++) {
    const said = await question();
    if (said === null || asked === BAD_ANSWERS) return said;
    await sleep(ASK_AGAIN_MS);
  }
}

function countsOf(slots: SlotName[], counts: ({ slot: SlotName } & Counts)[]): Counts {
  return sumOf(counts.filter(({ slot }) => slots.includes(slot)));
}
