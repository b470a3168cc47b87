/** Gathers the evidence for a canary's verdict: nginx's log since the step's shift, and probes if configured. */
import type { Comparison } from '../../core/canary/ab-test';
import { compareVariants } from '../../core/canary/ab-test';
import type { Samples } from '../../core/canary/verdict';
import type { Step } from '../../core/plan';
import type { SlotName } from '../../core/slot';
import { logPosition, readRequests } from '../../traffic/access-log';
import { probe } from '../../traffic/probe';
import { affectedUsers, SampleCollector } from './canary-samples';
import type { DeployContext } from '../../context';
import { builtRelease, slotNamed } from '../../context';

/** Probes of each side per sample: with ten samples a second, a small load. */
const PROBES_PER_LOOK = 3;
const PROBE_TIMEOUT_MS = 2000;

export type JudgeStep = Extract<Step, { do: 'judge' }>;

export interface Evidence {
  /** Reads new log entries. @param counts false to ignore them, while they are not evidence about the slots */
  read(counts: boolean): void;
  /** Probes the release's health and smoke paths on both sides directly, to compensate for a lack of user traffic. */
  probe(): Promise<void>;
  sides(): { canary: Samples; stable: Samples };
  /** A is stable, B the canary. Null without a goal. */
  comparison(): Comparison | null;
}

/** @param affected users who got an error from the canary; new ones are added to it */
export function gatherEvidence(context: DeployContext, step: JudgeStep, affected: Set<string>): Evidence {
  const { home, config } = context;
  const book = new SampleCollector(config.canary.goal);
  const { health, smoke } = builtRelease(context, step.commit).app;
  let position = logPosition(home);
  return {
    read(counts) {
      const read = readRequests(home, position);
      position = read.position;
      for (const cohort of affectedUsers(step.slot, read.requests)) affected.add(cohort);
      if (counts) book.add(read.requests);
    },
    async probe() {
      const paths = [health, ...smoke];
      await Promise.all([step.slot, ...step.against].map((slot) => askSome(context, slot, paths, book)));
    },
    sides: () =>
      book.sides([step.slot], step.against, { most: config.canary.minRequests, share: step.share }),
    comparison() {
      if (config.canary.goal === null) return null;
      return compareVariants(book.variant(step.against), book.variant([step.slot]), config.canary.matters);
    },
  };
}

async function askSome(
  context: DeployContext,
  slot: SlotName,
  paths: string[],
  book: SampleCollector,
): Promise<void> {
  const { port } = slotNamed(context, slot);
  for (let asked = 0; asked < PROBES_PER_LOOK; asked++) {
    const path = paths[asked % paths.length] as string;
    const { status, ms } = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
    book.addProbe(slot, status, { at: Date.now(), ms });
  }
}
