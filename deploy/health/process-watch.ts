/**
 * Watches whether the very process is still running. If Docker's engine dies and comes back, that is a fault of the
 * machine: the state of the process is unknown for that time, and it usually survives.
 */
import { KnownError, asKnown } from '../core/errors';
import type { Proof, RunningSlot } from '../core/slot';
import type { DeployContext } from '../context';
import { memorySamples } from '../os/memory-watch';
import { mustStillRun, readLogHint } from './still-runs';

/**
 * `running`: the very process is running. `unknown`: the engine does not answer. `gone`: the engine came back without
 * it. `restarted`: the engine restarted it, and it may still be starting.
 */
export type Presence = 'running' | 'unknown' | 'gone' | 'restarted';

/** Reports a message to the followers of the deployment. */
export type Warn = (message: string) => Promise<void>;

export interface ProcessWatch {
  /** Checks once. Throws E_EXITED or E_KILLED if the process has exited for a reason other than the engine. */
  check(): Promise<Presence>;
  /** Called when the process has answered after such a restart. */
  answered(): void;
}

export function processWatch(context: DeployContext, proof: Proof, warn: Warn): ProcessWatch {
  let presence: Presence = 'running';
  let returning = false;
  let pid: number | null = null;
  const memory = memorySamples();

  const engineIsAway = async ({ message }: KnownError): Promise<Presence> => {
    if (presence !== 'unknown')
      await warn(`${message} Its containers usually keep running: ${proof.slot} is still watched.`);
    return 'unknown';
  };

  const unlessItLives = async (error: KnownError): Promise<Presence> => {
    if (error.code === 'E_ENGINE') return engineIsAway(error);
    const wentWithEngine = presence === 'unknown' || presence === 'gone';
    if ((error.code !== 'E_EXITED' && error.code !== 'E_KILLED') || !wentWithEngine) throw error;
    return 'gone';
  };

  const presenceOf = (running: RunningSlot): Presence => {
    // a new process without a counted exit means that the engine itself restarted
    const isAnother = pid === null ? presence !== 'running' : running.pid !== pid;
    if (isAnother) returning = true;
    pid = running.pid;
    return returning ? 'restarted' : 'running';
  };

  return {
    async check() {
      const now = await mustStillRun(context, proof, memory).then(presenceOf, (error: unknown) =>
        unlessItLives(asKnown(error)),
      );
      if (presence === 'unknown' && now !== 'unknown') await warn('the engine answers again');
      presence = now;
      return now;
    },
    answered() {
      returning = false;
    },
  };
}

/** The error for a process that went down with the engine and did not answer again in time. */
export function lostWithEngine({ slot }: Proof, presence: Presence, seconds: number): KnownError {
  const silent = `${slot} has not answered for ${seconds} s`;
  if (presence === 'unknown')
    return new KnownError('E_ENGINE', `${silent}: Docker's engine has not come back.`);
  const became = presence === 'gone' ? 'come back without it' : 'started it again';
  return new KnownError('E_ENGINE', `${silent}: Docker's engine has ${became}.`, readLogHint(slot));
}

/** The error for a hold: another process of the same release may respond by now, but testers have not tried it. */
export function replacedWithEngine({ slot }: Proof): KnownError {
  return new KnownError(
    'E_ENGINE',
    `The held process in ${slot} stopped when Docker's engine went down.`,
    'Hold it again: ./switchyard deploy --hold',
  );
}
