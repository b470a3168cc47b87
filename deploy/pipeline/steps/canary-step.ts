/**
 * The step `judge`: compares the canary with the stable release while it has a share of the traffic. The canary passes,
 * fails (and the runner undoes the deployment), or waits for an operator. An operator may also abort, pause or shorten
 * it at any time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { abLine } from '../../core/canary/ab-test';
import type { AskReason, CanaryDecision, CanaryProgress } from '../../core/canary/decide';
import { decideCanary } from '../../core/canary/decide';
import { progressLine } from '../../core/canary/progress';
import { KnownError } from '../../core/errors';
import { BUCKETS } from '../../core/traffic-table';
import { percent, plural } from '../../core/format';
import type { OperatorRequest } from '../../core/deployment';
import { closePreview, openPreview } from '../../traffic/preview-tokens';
import type { DeployContext } from '../../context';
import type { Evidence, JudgeStep } from './canary-evidence';
import { gatherEvidence } from './canary-evidence';
import { diskWatch } from '../../health/disk-watch';
import type { Warn } from '../../health/process-watch';
import { healthWatch } from '../../health/health-watch';
import { yieldToUrgent, yieldToNewer } from './yield-to-urgent';
import { readLogHint } from '../../health/still-runs';
import { machineMs } from '../../os/machine-clock';

const POLL_EVERY_MS = 100;
/** While an operator is asked, which may take days. */
const HEALTH_EVERY_POLLS = 5;
const REPORT_EVERY_MS = 60_000;
const PROGRESS_EVERY_MS = 10_000;

export interface JudgeOptions {
  deploymentId: number;
  /** Called at every sample. */
  onHold: () => void;
  /** Users who got an error from the canary, over all of its steps. */
  affected: Set<string>;
  signal?: AbortSignal;
}

/**
 * Returns a clause for the journal once the canary passes or an operator lets it; `promoted` skips the remaining steps.
 * Throws E_CANARY, E_EXITED, E_KILLED, E_ABORTED for an urgent or newer deployment, and the signal's reason.
 */
export async function judge(
  context: DeployContext,
  step: JudgeStep,
  how: JudgeOptions,
): Promise<{ detail: string; promoted: boolean }> {
  const { home, journal } = context;
  const { deploymentId: id, affected } = how;
  const evidence = gatherEvidence(context, step, affected);
  const recordResult = resultRecorder(context, step, id, evidence);
  try {
    for (const slot of [step.slot, ...step.against]) openPreview(home, slot);
    // a promotion of an earlier hold does not apply to this step
    if (journal.get(id)?.state === 'holding') await journal.proceed(id, 'promote');
    const { do: what, why } = await untilDecided(context, step, how, evidence, recordResult);
    if (what === 'fail') throw failure(step, why, affected.size);
    const failures = affected.size > 0 ? `; ${plural(affected.size, 'user')} got an error from it` : '';
    return { detail: `${percent(step.share / 100)}: ${why}${failures}`, promoted: what === 'promote' };
  } catch (error) {
    // testers immediately become ordinary users again
    closePreview(home);
    throw error;
  } finally {
    await recordResult('');
  }
}

type Decided = Extract<CanaryDecision, { do: 'continue' | 'promote' | 'fail' }>;

async function untilDecided(
  context: DeployContext,
  step: JudgeStep,
  { deploymentId: id, onHold, signal }: JudgeOptions,
  evidence: Evidence,
  tellResult: (prefix: string) => Promise<void>,
): Promise<Decided> {
  const { journal, config } = context;
  const warn: Warn = (message) => journal.warn(id, message);
  const health = healthWatch(context, step, {
    code: 'E_CANARY',
    warn,
    mayBeReplaced: true,
    disk: diskWatch(context.home, warn, 'fail'),
  });
  const question = asking(context, step, id);
  const began = machineMs();
  let nextReportAt = began + REPORT_EVERY_MS;
  const reportProgress = progressReporter(context, step, id);
  for (let polls = 0; ; polls++) {
    signal?.throwIfAborted();
    const pending = journal.pending();
    yieldToUrgent(pending, 'a canary');
    if (config.canary.onPush === 'supersede') yieldToNewer(pending);
    if (!question.isAsked() || polls % HEALTH_EVERY_POLLS === 0)
      evidence.read((await health()) === 'healthy');
    const request = journal.get(id)?.request ?? null;
    const progress = {
      request,
      waitedMs: machineMs() - began,
      seconds: step.seconds,
      patience: config.canary.patience,
      ...evidence.sides(),
    };
    const move = decideCanary(progress, config.canary);
    if (move.do === 'ask') await question.ask(move);
    else await question.answered(request);
    if (move.do === 'continue' || move.do === 'promote' || move.do === 'fail') return move;
    if (move.do === 'collect' && move.few && config.canary.tooFew === 'probe') await evidence.probe();
    if (move.do === 'collect') await reportProgress(move, progress);
    if (machineMs() > nextReportAt) {
      nextReportAt = machineMs() + REPORT_EVERY_MS;
      await tellResult('so far, ');
    }
    onHold();
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

/** Records the step's progress at intervals, for followers of the deployment. */
function progressReporter({ journal }: DeployContext, { slot, share }: JudgeStep, id: number) {
  let nextMs = PROGRESS_EVERY_MS;
  const { plan } = journal.get(id) ?? {};
  const shares = plan?.flatMap(({ step }) => (step.do === 'judge' && step.slot === slot ? [step.share] : []));
  const next = shares?.find((each) => each > share) ?? BUCKETS;
  return async (
    move: Extract<CanaryDecision, { do: 'collect' }>,
    progress: CanaryProgress,
  ): Promise<void> => {
    const { waitedMs, seconds, patience, canary, stable } = progress;
    if (waitedMs < nextMs || seconds === null) return;
    nextMs = waitedMs + PROGRESS_EVERY_MS;
    const leftMs = Math.max(0, (seconds + (move.few ? patience : 0)) * 1000 - waitedMs);
    const message = progressLine({ share, next, canary, stable, move, leftMs });
    await journal.record(id, { type: 'progress', message });
  };
}

/** Holds the deployment while it waits for an operator. Logs each reason only once, because its text keeps changing. */
function asking({ journal }: DeployContext, step: JudgeStep, id: number) {
  let asked: AskReason | null = null;
  return {
    isAsked: () => asked !== null,
    async ask({ reason, why }: Extract<CanaryDecision, { do: 'ask' }>): Promise<void> {
      // log the reason first: a client that follows a push exits when the deployment is held
      if (asked !== reason) await journal.record(id, { type: 'note', message: askLine(step, why) });
      if (asked === null) await journal.hold(id);
      asked = reason;
    },
    /** @param request the operator's answer */
    async answered(request: OperatorRequest | null): Promise<void> {
      if (asked !== null) await journal.proceed(id, request);
      asked = null;
    },
  };
}

/** Logs the current result of an A/B test as a note; without a goal it does nothing. */
function resultRecorder(context: DeployContext, { share }: JudgeStep, id: number, evidence: Evidence) {
  return async (prefix: string): Promise<void> => {
    const comparison = evidence.comparison();
    if (!comparison) return;
    const message = `A/B at ${percent(share / 100)}: ${prefix}${abLine(comparison)}`;
    await context.journal.record(id, { type: 'note', message });
  };
}

function askLine({ share }: JudgeStep, why: string): string {
  return `the canary stays at ${percent(share / 100)}: ${why}; ./switchyard resume, promote or abort`;
}

function failure({ slot, share }: JudgeStep, why: string, affected: number): KnownError {
  const users = `${plural(affected, 'user')} got an error from it`;
  const message = `${slot} at ${percent(share / 100)}: ${why}; ${users}.`;
  return new KnownError('E_CANARY', message, readLogHint(slot), 'canary');
}
