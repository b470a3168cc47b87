/**
 * Watches that the very process still runs. What runs it, Docker's engine, may die and come back meanwhile: that is
 * a fault of the machine, during which nothing can be said of the process, and it mostly lives on.
 */
import { KnownError, asKnown } from '../core/errors';
import type { Proof, RunningSlot } from '../core/types';
import type { Yard } from '../yard';
import { mustStillRun, readLog } from './verify';

/**
 * `runs`: the very process. `away`: nobody can say, for the engine does not answer. `back`: the engine has started it
 * anew with itself, and it may still be at its start.
 */
export type Sight = 'runs' | 'away' | 'back';

/** Tells it to whoever follows the deployment. */
export type Tell = (message: string) => Promise<void>;

export interface ProcessWatch {
  /** One look. Throws E_EXITED when the process has ended by itself. */
  look(): Promise<Sight>;
  /** It has answered since it was started anew. */
  answered(): void;
}

export function processWatch(yard: Yard, proof: Proof, tell: Tell): ProcessWatch {
  let away = false;
  let returning = false;
  let pid: number | null = null;

  const look = async (): Promise<RunningSlot | null> => {
    try {
      const running = await mustStillRun(yard, proof);
      if (away) await tell('the engine answers again');
      away = false;
      return running;
    } catch (error) {
      const known = asKnown(error);
      // one that just comes back has not started everything yet
      if (known.code !== 'E_ENGINE' && !(away && known.code === 'E_EXITED')) throw known;
      if (!away)
        await tell(`${known.message} What it runs mostly goes on: ${proof.slot} is watched further.`);
      away = true;
      return null;
    }
  };

  return {
    async look() {
      const running = await look();
      if (running === null) return 'away';
      // no exit was counted, and yet it is another process: what runs it was itself started again
      if (pid !== null && running.pid !== pid) returning = true;
      pid = running.pid;
      return returning ? 'back' : 'runs';
    },
    answered() {
      returning = false;
    },
  };
}

/** What a deployment ends with whose process went with the engine, and did not answer again in time. */
export function lostWithEngine({ slot }: Proof, sight: Sight, seconds: number): KnownError {
  const silent = `${slot} has not answered for ${seconds} s`;
  if (sight === 'away') return new KnownError('E_ENGINE', `${silent}: Docker's engine has not come back.`);
  return new KnownError('E_ENGINE', `${silent}: Docker's engine has started it again.`, readLog(slot));
}
