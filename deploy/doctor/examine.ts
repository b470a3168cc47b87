/** Runs the checks concurrently. Never throws: an error in a check becomes a finding. */
import { asKnown } from '../core/errors';
import type { Finding, Judgement } from './finding';
import { fault, faultOf, NotChecked, skipped } from './finding';
import type { DoctorContext } from './context';

export interface Check {
  look: (context: DoctorContext) => Judgement[] | Promise<Judgement[]>;
  /** Checks that must pass first. If one of them reports a fault, this check would only repeat it and is skipped. */
  needs?: readonly string[];
}

/**
 * Returns the findings in the order of the checks.
 * @param limitMs if no check finishes for this long, the remaining ones count as faults
 */
export async function examine(
  context: DoctorContext,
  checks: Record<string, Check>,
  limitMs: number,
): Promise<Finding[]> {
  const limit = timeLimit(limitMs);
  const found = new Map<string, Promise<Judgement[]>>();
  for (const [link, check] of Object.entries(checks)) {
    const needed = (check.needs ?? []).map((name) => ({ name, judged: found.get(name) }));
    found.set(link, Promise.race([judge(context, check, needed).finally(limit.restart), limit.over]));
  }
  const findings: Finding[] = [];
  for (const [link, judged] of found) {
    findings.push(...(await judged).map((judgement) => ({ link, ...judgement })));
  }
  limit.cancel();
  return findings;
}

interface Needed {
  name: string;
  judged: Promise<Judgement[]> | undefined;
}

async function judge(context: DoctorContext, check: Check, needed: Needed[]): Promise<Judgement[]> {
  try {
    for (const { name, judged } of needed) {
      if (!judged) throw new Error(`the check of "${name}" must come before the checks that need it`);
      const inTheWay = (await judged).some(({ status }) => status === 'fault' || status === 'skipped');
      if (inTheWay) return [skipped(`see ${name}`)];
    }
    // yields first, so that synchronous work in one check does not delay the start of the others
    await new Promise(setImmediate);
    return await check.look(context);
  } catch (error) {
    return [broken(error)];
  }
}

function broken(error: unknown): Judgement {
  if (error instanceof NotChecked) return skipped(error.message);
  const known = asKnown(error);
  if (known.code !== 'E_INTERNAL') return faultOf(known);
  return fault(`This check itself failed: ${known.message}`, known.hint);
}

/** Every finished check restarts the limit: a busy machine still makes progress, a hung one does not. */
function timeLimit(ms: number): { over: Promise<Judgement[]>; restart: () => void; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<Judgement[]>((resolve) => {
    const late = fault(
      `No check finished for ${ms / 1000} s: the machine or a disk is busy, or hangs.`,
      './switchyard doctor',
    );
    timer = setTimeout(() => resolve([late]), ms);
  });
  return { over, restart: () => timer?.refresh(), cancel: () => clearTimeout(timer) };
}
