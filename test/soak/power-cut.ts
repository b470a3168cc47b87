/**
 * The power is cut in the middle of a push, and unflushed writes are lost: `npm start` must bring back the right
 * release, with nothing half-made, and the next push must go live.
 */
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { endProcesses, processesWith } from '../../deploy/os/process-table';
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

/** A release of its own for each cut: one that was built before is on the disk already. */
let version = 0;

export interface CutOutcome extends Outcome {
  /** It did not come back as it must, so the next cut needs another clone. */
  lost: boolean;
}

/** What cannot be examined has not come back either. */
export async function cutAt(target: LossyClone, cut: Cut): Promise<CutOutcome> {
  return cutAndRestart(target, cut).catch((error: unknown) => notBack(String(error)));
}

function notBack(problem: string): CutOutcome {
  return { kills: 1, ms: 0, asked: 0, failed: 0, problems: [problem], lost: true };
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
  const toldLive = /✓ LIVE in /.test(text) && !cut.bad;
  if (started.code !== 0) {
    const lastLines = started.text.trim().split('\n').slice(-2).join(' ');
    return notBack(`npm start failed: ${lastLines}`);
  }
  const { deployment, live } = await endOf(target, commit);
  const right = toldLive || (live && !cut.bad) ? commit : before.commit;
  const ms = msUntilRight(await users.samples(), poweredUp, right);
  users.forget();
  const after = await atRest(target);
  const problems = [
    ...(after.commit === right ? [] : [`${after.commit} serves instead of ${right}`]),
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
  return { kills: 1, ms, asked: samples.length, failed, problems, lost: problems.length > 0 };
}

/** A moment chosen by chance may come after the end of the deployment. */
function withoutCut(cut: Cut, text: string, kills: number[]): CutOutcome {
  const problems = isMoment(cut) ? [] : [`the power was not cut: ${verdictOf(text)}`];
  return { kills: kills.length, ms: 0, asked: 0, failed: 0, problems, lost: problems.length > 0 };
}

function releaseFor({ bad, bakeSeconds }: Cut): Change {
  return {
    ...(bad && { behaviour: { healthThroughNginx: 500 } }),
    config: { bake: { seconds: bakeSeconds } },
    manifest: { version: `2.0.${(version += 1)}` },
  };
}

/** False when the push came to its end before. It also ends because of the cut, before that is complete. */
async function untilCut({ clone: { dir } }: LossyClone, pushing: Promise<CommandResult>): Promise<boolean> {
  let isOver = false;
  void pushing.finally(() => (isOver = true));
  await until('the power cut, or the end of the push', () => isKilled(dir) || (isOver && !isObeying(dir)));
  return isKilled(dir);
}

/** The disk has lost its power already. */
async function losePower({ clone, engine }: LossyClone): Promise<void> {
  engine?.freeze();
  const commands = (): Promise<void> => endProcesses(processesWith('SWITCHYARD_HOME', clone.home.dir), 0);
  killEverything(clone.home);
  await commands();
  // what was being started meanwhile
  killEverything(clone.home);
  await engine?.kill();
}

async function powerUp({ disk, engine }: LossyClone): Promise<void> {
  disk.powerUp();
  await engine?.start();
}

/** Null for a deployment that the disk has lost. A bake that goes on is waited for. */
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

/** What a power cut before LIVE must leave unchanged. The standby is not started again. */
function essentials({ commit, files, images, table }: Rest): object {
  return { commit, files, images, serving: servingSlots(table).sort() };
}

/** An engine counts the start after the power cut as one. */
function withoutRestarts(rest: Rest): Rest {
  return { ...rest, slots: rest.slots.map((slot) => ({ ...slot, restarts: 0 })) };
}

async function nextPushWorks({ clone }: LossyClone): Promise<string[]> {
  const { commit, verdict } = await clone.release({ manifest: { version: `2.0.${(version += 1)}` } });
  if (!verdict.startsWith('✓ LIVE')) return [`the next push did not go live: ${verdict}`];
  return (await clone.serving()).commit === commit ? [] : ['the next push does not serve'];
}

async function faults({ clone }: LossyClone): Promise<string[]> {
  return Object.values((await diagnose(clone)).faults).map(
    ({ link, message: said }) => `doctor: ${link}: ${said}`,
  );
}
