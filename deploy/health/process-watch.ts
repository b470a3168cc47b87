/**
 * Watches that the very process still runs. Docker's engine may die and come back meanwhile: that is a fault of the
 * machine. The state of the process is unknown then, and it usually survives.
 */
import { KnownError, asKnown } from '../core/errors';
import type { Proof, RunningSlot } from '../core/slot';
import type { DeployContext } from '../context';
import { mustStillRun, readLog } from './verify-slot';

/**
 * `runs`: the very process runs. `away`: unknown, because the engine does not answer. `gone`: the engine came back
 * without it. `back`: the engine restarted it, and it may still be starting.
 */
export type Sight = 'runs' | 'away' | 'gone' | 'back';

/** Reports a message to the followers of the deployment. */
export type Tell = (message: string) => Promise<void>;

export interface ProcessWatch {
  /** Checks once. Throws E_EXITED when the process has exited by itself. */
  look(): Promise<Sight>;
  /** To call when the process has answered after such a restart. */
  answered(): void;
}

export function processWatch(context: DeployContext, proof: Proof, tell: Tell): ProcessWatch {
  let sight: Sight = 'runs';
  let returning = false;
  let pid: number | null = null;

  const engineIsAway = async ({ message }: KnownError): Promise<Sight> => {
    if (sight !== 'away')
      await tell(`${message} Its containers usually keep running: ${proof.slot} is still watched.`);
    return 'away';
  };

  const unlessItLives = async (error: KnownError): Promise<Sight> => {
    if (error.code === 'E_ENGINE') return engineIsAway(error);
    const wentWithEngine = sight === 'away' || sight === 'gone';
    if (error.code !== 'E_EXITED' || !wentWithEngine) throw error;
    return 'gone';
  };

  const sightOf = (running: RunningSlot): Sight => {
    // a new process without a counted exit means that the engine itself restarted
    const isAnother = pid === null ? sight !== 'runs' : running.pid !== pid;
    if (isAnother) returning = true;
    pid = running.pid;
    return returning ? 'back' : 'runs';
  };

  return {
    async look() {
      const now = await mustStillRun(context, proof).then(sightOf, (error: unknown) =>
        unlessItLives(asKnown(error)),
      );
      if (sight === 'away' && now !== 'away') await tell('the engine answers again');
      sight = now;
      return now;
    },
    answered() {
      returning = false;
    },
  };
}

/** The error for a process that went down with the engine and did not answer again in time. */
export function lostWithEngine({ slot }: Proof, sight: Sight, seconds: number): KnownError {
  const silent = `${slot} has not answered for ${seconds} s`;
  if (sight === 'away') return new KnownError('E_ENGINE', `${silent}: Docker's engine has not come back.`);
  const became = sight === 'gone' ? 'come back without it' : 'started it again';
  return new KnownError('E_ENGINE', `${silent}: Docker's engine has ${became}.`, readLog(slot));
}

/** The error for a hold: another process of the same release may answer by now, but testers have not tried that one. */
export function replacedWithEngine({ slot }: Proof): KnownError {
  return new KnownError(
    'E_ENGINE',
    `The process that was tried in ${slot} went down with Docker's engine.`,
    'Hold it again: npm run -s deploy -- --hold',
  );
}
