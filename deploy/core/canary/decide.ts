/** Decides the next move of a canary step from operator requests and user traffic. Pure. */
import type { OperatorRequest } from '../deployment';
import type { CanaryRule, Samples, Verdict } from './verdict';
import { judgeAtOnce, judgeStep } from './verdict';

export interface Look {
  request: OperatorRequest | null;
  /** Milliseconds since the step's shift. */
  waitedMs: number;
  /** Length of the step; null for one that only an operator ends. */
  seconds: number | null;
  /** How many seconds longer it collects data before it asks the operator. */
  patience: number;
  canary: Samples;
  stable: Samples;
}

/** Why a step waits for an operator. */
export type AskReason = 'paused-by-operator' | 'configured-pause' | 'not-enough-data';

/** `why` is one clause with figures that change all the time; only `reason` may be compared. */
export type Move =
  /** `few`: the time is over, but there is not enough data. */
  | { do: 'collect'; few?: boolean }
  /** Waits for an operator; traffic keeps counting in the meantime. */
  | { do: 'ask'; reason: AskReason; why: string }
  | { do: 'go on'; why: string }
  | { do: 'promote'; why: string }
  | { do: 'fail'; why: string };

export function decideCanary(look: Look, rule: CanaryRule): Move {
  const gross = judgeAtOnce(look.canary, rule);
  if (gross) return { do: 'fail', why: gross.why };
  if (look.request === 'promote') return { do: 'promote', why: 'promoted by an operator' };
  if (look.request === 'pause')
    return { do: 'ask', reason: 'paused-by-operator', why: 'paused by an operator' };
  if (look.seconds === null) return look.request === 'resume' ? RESUMED : CONFIGURED_PAUSE;
  if (look.waitedMs < look.seconds * 1000) return { do: 'collect' };
  return byVerdict(judgeStep(look.canary, look.stable, rule), look, look.seconds);
}

const RESUMED: Move = { do: 'go on', why: 'resumed by an operator' };
const CONFIGURED_PAUSE: Move = {
  do: 'ask',
  reason: 'configured-pause',
  why: 'the configuration pauses here',
};

function byVerdict({ verdict, why }: Verdict, { request, waitedMs, patience }: Look, seconds: number): Move {
  if (verdict === 'pass') return { do: 'go on', why };
  if (verdict === 'fail') return { do: 'fail', why };
  if (request === 'resume') return { do: 'go on', why: `resumed by an operator, though ${why}` };
  if (waitedMs < (seconds + patience) * 1000) return { do: 'collect', few: true };
  return { do: 'ask', reason: 'not-enough-data', why: `not enough data: ${why}` };
}
