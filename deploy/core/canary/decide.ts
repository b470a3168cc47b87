/** Decides the next move of a canary step from operator requests and user traffic. Pure. */
import type { OperatorRequest } from '../deployment';
import type { CanaryRule, Samples, Verdict } from './verdict';
import { judgeAtOnce, judgeStep } from './verdict';

export interface CanaryProgress {
  request: OperatorRequest | null;
  /** Milliseconds since the step's shift. */
  waitedMs: number;
  /** Length of the step; null for one that only an operator ends. */
  seconds: number | null;
  /** How many more seconds it collects data before it asks the operator. */
  patience: number;
  canary: Samples;
  stable: Samples;
}

/** Why a step waits for an operator. */
export type AskReason = 'paused-by-operator' | 'configured-pause' | 'not-enough-data';

/** `why` is one clause whose figures keep changing; compare only `reason`. */
export type CanaryDecision =
  /** `few`: the step's time is over, but there is not enough data. */
  | { do: 'collect'; few?: boolean }
  /** Waits for an operator; traffic keeps counting in the meantime. */
  | { do: 'ask'; reason: AskReason; why: string }
  | { do: 'continue'; why: string }
  | { do: 'promote'; why: string }
  | { do: 'fail'; why: string };

export function decideCanary(progress: CanaryProgress, rule: CanaryRule): CanaryDecision {
  const gross = judgeAtOnce(progress.canary, rule);
  if (gross) return { do: 'fail', why: gross.why };
  if (progress.request === 'promote') return { do: 'promote', why: 'promoted by an operator' };
  if (progress.request === 'pause')
    return { do: 'ask', reason: 'paused-by-operator', why: 'paused by an operator' };
  if (progress.seconds === null) return progress.request === 'resume' ? RESUMED : CONFIGURED_PAUSE;
  if (progress.waitedMs < progress.seconds * 1000) return { do: 'collect' };
  return byVerdict(judgeStep(progress.canary, progress.stable, rule), progress, progress.seconds);
}

const RESUMED: CanaryDecision = { do: 'continue', why: 'resumed by an operator' };
const CONFIGURED_PAUSE: CanaryDecision = {
  do: 'ask',
  reason: 'configured-pause',
  why: 'the configuration pauses here',
};

function byVerdict(
  { verdict, why }: Verdict,
  { request, waitedMs, patience }: CanaryProgress,
  seconds: number,
): CanaryDecision {
  if (verdict === 'pass') return { do: 'continue', why };
  if (verdict === 'fail') return { do: 'fail', why };
  if (request === 'resume') return { do: 'continue', why: `resumed by an operator, though ${why}` };
  if (waitedMs < (seconds + patience) * 1000) return { do: 'collect', few: true };
  return { do: 'ask', reason: 'not-enough-data', why: `not enough data: ${why}` };
}
