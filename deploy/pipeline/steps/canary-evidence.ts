/** What a canary's verdict is made from: nginx's log since the step's shift, and questions of our own where asked for. */
import type { Comparison } from '../../core/canary/ab-test';
import { compareVariants } from '../../core/canary/ab-test';
import type { Samples } from '../../core/canary/verdict';
import type { Step } from '../../core/plan';
import type { SlotName } from '../../core/slot';
import { logPosition, readRequests } from '../../traffic/access-log';
import { probe } from '../../traffic/probe';
import { hurtBy, SampleBook } from './canary-samples';
import type { DeployContext } from '../../context';
import { builtRelease, slotNamed } from '../../context';

/** How many questions a look asks each side: with ten looks a second, not much of a load. */
const PROBES_PER_LOOK = 3;
const PROBE_TIMEOUT_MS = 2000;

export type Judging = Extract<Step, { do: 'judge' }>;

export interface Evidence {
  /** Reads on. @param counts false while nothing can be said of the slots: what comes then is left out */
  read(counts: boolean): void;
  /** Asks both sides the paths that the release names, as nobody else does. */
  probe(): Promise<void>;
  canary(): Samples;
  stable(): Samples;
  /** A is stable, B the canary. Null without a goal. */
  comparison(): Comparison | null;
}

/** @param hurt people who have met an error of the canary: added to */
export function gatherEvidence(context: DeployContext, step: Judging, hurt: Set<string>): Evidence {
  const { home, config } = context;
  const book = new SampleBook(config.canary.goal);
  let position = logPosition(home);
  return {
    read(counts) {
      const read = readRequests(home, position);
      position = read.position;
      for (const cohort of hurtBy(step.slot, read.requests)) hurt.add(cohort);
      if (counts) book.add(read.requests);
    },
    async probe() {
      const { app } = builtRelease(context, step.commit);
      const paths = [app.health, ...app.smoke];
      await Promise.all([step.slot, ...step.against].map((slot) => askSome(context, slot, paths, book)));
    },
    canary: () => book.samples([step.slot]),
    stable: () => book.samples(step.against),
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
  book: SampleBook,
): Promise<void> {
  const { port } = slotNamed(context, slot);
  for (let asked = 0; asked < PROBES_PER_LOOK; asked++) {
    const path = paths[asked % paths.length] as string;
    const { status, ms } = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
    book.addProbe(slot, status, { at: Date.now(), ms });
  }
}
