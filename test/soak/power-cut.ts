/**
 * Cuts the power during a push, so that unflushed writes are lost. `npm start` must restore the right release with
 * nothing half-made, and the next push must go live.
 */
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { stopProcesses, processesWith } from '../../deploy/os/process-table';
import { killEverything, untilOver } from '../support/crash';
import { diagnose } from '../support/doctor';
import { verdictOf } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import type { Change } from '../support/tiny-clone';
import { until } from '../support/until';
import { isKilled, isObeying, killsDone, orderKills } from './kill-orders';
import { isMoment, type Cut } from './points';
import {
  atRest,
  differences,
  lost,
  wrongSlots,
  wasLive,
  wrongEnd,
  type Outcome,
  type Rest,
} from './kill-outcome';
import { failures, msUntilRight } from './users';
import type { LossyClone } from './soak-clone';

/** Each cut deploys a new release, because an earlier one is already on the disk. */
let version = 0;

export interface CutOutcome extends Outcome {
  /** It was not restored correctly, so the next cut needs a new clone. */
  lost: boolean;
}

/** A clone that cannot be examined counts as lost. */
export async function cutAt(target: LossyClone, cut: Cut): Promise<CutOutcome> {
  return cutAndRestart(target, cut).catch((error: unknown) => lostClone(String(error)));
}

function lostClone(problem: string): CutOutcome {
  return { kills: 1, ms: 0, requests: 0, failed: 0, problems: [problem], lost: true };
}

async function cutAndRestart(target: LossyClone, cut: Cut): Promise<CutOutcome> {
  const { clone, users, strategy } = target;
  const before = await atRest(target);
  orderKills(clone.dir, cut.orders);
  clone.change(releaseFor(cut));
  const commit = await clone.commit(cut.name);
  const pushing = clone.git('push', 'live', 'main');
  const isCut = await untilCut(target, pushing);
  if (!isCut) return withoutCut(cut, (await pushing).text, killsDone(clone.dir));
  await losePower(target);
  const { text } = await pushing;
  killsDone(clone.dir);

  const poweredUp = Date.now();
  await powerUp(target);
  const started = await clone.start();
  const reportedLive = /✓ LIVE in /.test(text) && !cut.bad;
  if (started.code !== 0) {
    const lastLines = started.text.trim().split('\n').slice(-2).join(' ');
    return lostClone(`npm start failed: ${lastLines}`);
  }
  const { deployment, live } = await endOf(target, commit);
  const right = reportedLive || (live && !cut.bad) ? commit : before.commit;
  const ms = msUntilRight(await users.samples(), poweredUp, right);
  users.forget();
  const after = await atRest(target);
  const problems = [
    ...(after.commit === right ? [] : [`${after.commit} is live instead of ${right}`]),
    ...(deployment ? wrongEnd(deployment, right === commit) : []),
    ...(right === commit ? [] : differences(essentials(before), essentials(after))),
    ...wrongSlots(withoutRestarts(after)),
    ...(await nextPushWorks(target)),
    ...(await faults(target)),
  ];
  const samples = await users.samples();
  problems.push(...lost(samples, strategy));
  const failed = failures(samples, strategy).length;
  users.forget();
  return { kills: 1, ms, requests: samples.length, failed, problems, lost: problems.length > 0 };
}

/** A random moment may come after the deployment has ended. */
function withoutCut(cut: Cut, text: string, kills: number[]): CutOutcome {
  const problems = isMoment(cut) ? [] : [`the power was not cut: ${verdictOf(text)}`];
  return { kills: kills.length, ms: 0, requests: 0, failed: 0, problems, lost: problems.length > 0 };
}

function releaseFor({ bad, bakeSeconds }: Cut): Change {
  return {
    ...(bad && { behaviour: { healthThroughNginx: 500 } }),
    config: { bake: { seconds: bakeSeconds } },
    manifest: { version: `2.0.${(version += 1)}` },
  };
}

/** Returns false if the push ended before the cut. The cut itself can also end the push before it completes. */
async function untilCut({ clone: { dir } }: LossyClone, pushing: Promise<CommandResult>): Promise<boolean> {
  let isOver = false;
  void pushing.finally(() => (isOver = true));
  await until('the power cut, or the end of the push', () => isKilled(dir) || (isOver && !isObeying(dir)));
  return isKilled(dir);
}

/** The disk has already lost its power. */
async function losePower({ clone, engine }: LossyClone): Promise<void> {
  engine?.freeze();
  const commands = (): Promise<void> => stopProcesses(processesWith('SWITCHYARD_HOME', clone.home.dir), 0);
  killEverything(clone.home);
  await commands();
  // again, for processes that were just starting
  killEverything(clone.home);
  await engine?.kill();
}

async function powerUp({ disk, engine }: LossyClone): Promise<void> {
  disk.powerUp();
  await engine?.start();
}

/** The deployment is null when the disk lost it. Waits for a bake that continues. */
async function endOf(
  { clone }: LossyClone,
  commit: Commit,
): Promise<{ deployment: Deployment | null; live: boolean }> {
  const found = clone.deployments().findLast((each) => each.commit === commit && each.kind === 'deploy');
  if (!found) return { deployment: null, live: false };
  const deployment = await untilOver(clone, found.id);
  const journal = clone.journal();
  const events = journal.since(0, found.id);
  journal.close();
  return { deployment, live: wasLive(events) };
}

/** State that a power cut before LIVE must not change. It excludes the standby, which is not started again. */
function essentials({ commit, files, images, table }: Rest): object {
  return { commit, files, images, serving: servingSlots(table).sort() };
}

/** The engine counts the start after a power cut as a restart. */
function withoutRestarts(rest: Rest): Rest {
  return { ...rest, slots: rest.slots.map((slot) => ({ ...slot, restarts: 0 })) };
}

async function nextPushWorks({ clone }: LossyClone): Promise<string[]> {
  const { commit, verdict } = await clone.release({ manifest: { version: `2.0.${(version += 1)}` } });
  if (!verdict.startsWith('✓ LIVE')) return [`the next push did not go live: ${verdict}`];
  return (await clone.serving()).commit === commit ? [] : ['the next push is not live'];
}

async function faults({ clone }: LossyClone): Promise<string[]> {
  return Object.values((await diagnose(clone)).faults).map(
    ({ link, message }) => `doctor: ${link}: ${message}`,
  );
}
