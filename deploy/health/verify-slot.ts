/**
 * Verify proves that the very process is healthy: its own health response has the commit and the instance, its pid and
 * restart count are unchanged, and it holds the port. An old process or another process on the port fails the check.
 */
import { KnownError } from '../core/errors';
import type { ProbeAnswer } from '../core/interfaces';
import { failureLine } from '../core/failure-line';
import { duration, printable, short } from '../core/format';
import type { Proof, RunningSlot } from '../core/slot';
import { isRunning } from '../os/process-table';
import { listeningPorts } from '../os/port-holder';
import { findNginx, passesEarlyHints } from '../traffic/nginx-binary';
import { probe } from '../traffic/probe';
import type { DeployContext } from '../context';
import { builtRelease, slotNamed } from '../context';
import { withOwnPort } from './port-thief';
import { retrySilent } from './slot-health';
import { LOG_LINES, mustStillRun, readLogHint, unlessItKillsItself } from './still-runs';
import { machineMs } from '../os/machine-clock';
import type { MemorySamples } from '../os/memory-watch';
import { memorySamples } from '../os/memory-watch';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 5;
const PROBE_TIMEOUT_MS = 2000;
/** A single good response may be luck. */
const GOOD_ANSWERS = 3;
/** Refused connections and 503 mean a slow start; any other bad response is unlikely to improve. Milliseconds. */
const WRONG_ANSWERS_MS = 3000;
/** A longer wait reports what it waits for, and again from time to time. */
const QUIET_MS = 2000;
const SAY_EVERY_MS = 10_000;

/** The process to verify and its address; looked up once per verification, not for each probe. */
export interface VerifyTarget {
  proof: Proof;
  port: number;
  health: string;
  smoke: string[];
  memory: MemorySamples;
}

/** Throws E_INTERNAL if the release is no longer in the home. */
export function verifyTarget(context: DeployContext, proof: Proof): VerifyTarget {
  const { health, smoke } = builtRelease(context, proof.commit).app;
  return { proof, port: slotNamed(context, proof.slot).port, health, smoke, memory: memorySamples() };
}

/**
 * Waits until the process that was just started reports its own identity. Detects an exit immediately. Throws E_EXITED,
 * E_KILLED, E_UNHEALTHY, E_WRONG_PROCESS, E_STRANGER_ON_PORT.
 * @param say receives one clause from time to time: what it waits for
 */
export function waitUntilHealthy(
  context: DeployContext,
  proof: Proof,
  signal?: AbortSignal,
  say: (message: string) => Promise<void> = () => Promise.resolve(),
): Promise<RunningSlot> {
  return withOwnPort(context, proof.slot, () =>
    unlessItKillsItself(context, proof, signal, () => healthyStart(context, proof, signal, say)),
  );
}

async function healthyStart(
  context: DeployContext,
  proof: Proof,
  signal: AbortSignal | undefined,
  say: (message: string) => Promise<void>,
): Promise<RunningSlot> {
  const target = verifyTarget(context, proof);
  const { memory } = target;
  const deadline = machineMs() + context.config.limits.start * 1000;
  let lastStarting = machineMs();
  let sayAt = lastStarting + QUIET_MS;
  const { pid } = await mustStillRun(context, proof, memory);
  const answering = async (): Promise<RunningSlot | null> => {
    memory.sample();
    const answer = await probeDirectly(target, signal);
    signal?.throwIfAborted();
    if (answer.status === 200) mustBeItself(answer, proof);
    // while the pid is alive the runtime has nothing new to report, and asking it would slow down the start
    const isNews = answer.status === 200 || pid === null || !isRunning(pid);
    const running = isNews ? await mustStillRun(context, proof, memory) : null;
    if (running && answer.status === 200) return running;
    const now = machineMs();
    if (answer.status === null || answer.status === 503) lastStarting = now;
    if (now >= deadline) throw await unhealthy(context, target, answer, 'limits.start');
    // a wrong response ends the wait soon
    if (now >= sayAt && lastStarting === now) {
      sayAt = now + SAY_EVERY_MS;
      await say(waitingFor(target, answer, deadline - now));
    }
    if (now - lastStarting > WRONG_ANSWERS_MS) throw await unhealthy(context, target, answer);
    return null;
  };
  // `answering` throws at its own limits, so the wait returns a process
  return (await waitUntil(answering, { everyMs: POLL_EVERY_MS, signal })) as RunningSlot;
}

/**
 * Requires several consecutive good responses, the smoke paths, and the same process before and after. A bad response
 * fails immediately; only silence is retried. Throws E_EXITED, E_KILLED, E_UNHEALTHY, E_WRONG_PROCESS, E_SMOKE,
 * E_STRANGER_ON_PORT.
 */
export function verifySlot(context: DeployContext, proof: Proof, signal?: AbortSignal): Promise<RunningSlot> {
  return withOwnPort(context, proof.slot, () => proveItself(context, proof, signal));
}

async function proveItself(context: DeployContext, proof: Proof, signal?: AbortSignal): Promise<RunningSlot> {
  const target = verifyTarget(context, proof);
  const before = await mustStillRun(context, proof, target.memory);
  for (let good = 0; good < GOOD_ANSWERS; good++) {
    const answer = await retrySilent(() => probeDirectly(target, signal), signal);
    if (answer.status !== 200) throw await unhealthy(context, target, answer);
    mustBeItself(answer, proof);
    await mustSuitNginx(target.health, answer);
  }
  await smoke(target, signal);
  const after = await mustStillRun(context, proof, target.memory);
  if (after.pid !== before.pid)
    throw new KnownError('E_EXITED', `${proof.slot} was replaced while it was verified.`);
  return after;
}

/** `waits for /health on port 8081 (connection refused), for 56.0 s more`. */
function waitingFor({ port, health }: VerifyTarget, { message }: ProbeAnswer, leftMs: number): string {
  return `waits for ${health} on port ${port} (${printable(message)}), for ${duration(leftMs)} more`;
}

/** Probes the slot's health path directly. */
export function probeDirectly({ port, health }: VerifyTarget, signal?: AbortSignal): Promise<ProbeAnswer> {
  return probe({ port, path: health, timeoutMs: PROBE_TIMEOUT_MS, signal });
}

/** True for a 200 from the very process. */
export function isFromProcess(answer: ProbeAnswer, proof: Proof): boolean {
  return answer.status === 200 && answer.commit === proof.commit && answer.instance === proof.instance;
}

function mustBeItself(answer: ProbeAnswer, proof: Proof): void {
  if (answer.commit === proof.commit && answer.instance === proof.instance) return;
  const wrong =
    answer.commit !== proof.commit
      ? `commit ${answer.commit ? short(answer.commit) : 'none'} instead of ${short(proof.commit)}`
      : `instance ${answer.instance ?? 'none'} instead of the one just started`;
  throw new KnownError('E_WRONG_PROCESS', `The health answer in ${proof.slot} names ${wrong}.`);
}

async function smoke({ proof, port, smoke: paths }: VerifyTarget, signal?: AbortSignal): Promise<void> {
  for (const path of paths) {
    const question = { port, path, timeoutMs: PROBE_TIMEOUT_MS, signal };
    const answer = await retrySilent(() => probe(question), signal);
    if (answer.status === null || answer.status >= 400) {
      throw new KnownError('E_SMOKE', `${path} in ${proof.slot} answered ${answer.message}.`);
    }
    await mustSuitNginx(path, answer);
  }
}

/** With such a release a user's request would hang, although the direct probe succeeds. */
async function mustSuitNginx(path: string, { earlyHints }: ProbeAnswer): Promise<void> {
  if (!earlyHints) return;
  const { version } = await findNginx(process.env.PATH ?? '');
  if (passesEarlyHints(version)) return;
  throw new KnownError(
    'E_SMOKE',
    `${path} sends 103 Early Hints: nginx ${version} then holds the response until the app closes the connection.`,
    'Send none (writeEarlyHints in Node), or install nginx 1.29 or newer.',
  );
}

async function unhealthy(
  context: DeployContext,
  target: VerifyTarget,
  answer: ProbeAnswer,
  limit?: string,
): Promise<KnownError> {
  const { health, proof } = target;
  const why = answer.status === null ? await whySilent(context, target) : '';
  return new KnownError(
    'E_UNHEALTHY',
    `${health} in ${proof.slot} answered ${answer.message}${why && ` (${why})`}.`,
    readLogHint(proof.slot),
    limit,
  );
}

/** An app that ignores PORT is the most common cause of silence. */
async function whySilent(context: DeployContext, { proof, port, memory }: VerifyTarget): Promise<string> {
  const { pid } = await mustStillRun(context, proof, memory);
  const ports = pid === null ? [] : listeningPorts(pid);
  if (ports.length > 0 && !ports.includes(port)) return `it listens on ${ports.join(', ')} and not on PORT`;
  return failureLine(await context.runtime.logs(proof.slot, LOG_LINES));
}
