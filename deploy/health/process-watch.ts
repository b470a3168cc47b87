/**
 * Watches that the very process still runs. What runs it, Docker's engine, may die and come back meanwhile: that is
 * a fault of the machine, during which nothing can be said of the process, and it mostly lives on.
 */
import { KnownError, asKnown } from '../core/errors';
import type { Proof, RunningSlot } from '../core/slot';
import type { DeployContext } from '../context';
import { mustStillRun, readLog } from './verify-slot';

/**
 * `runs`: the very process. `away`: nobody can say, for the engine does not answer. `gone`: the engine has come back
 * without it. `back`: the engine has started it anew with itself, and it may still be at its start.
 */
export type Sight = 'runs' | 'away' | 'gone' | 'back';

/** Tells it to whoever follows the deployment. */
export type Tell = (message: string) => Promise<void>;

export interface ProcessWatch {
  /** One look. Throws E_EXITED when the process has ended by itself. */
  look(): Promise<Sight>;
  /** It has answered since it was started anew. */
  answered(): void;
}

export function processWatch(context: DeployContext, proof: Proof, tell: Tell): ProcessWatch {
  let sight: Sight = 'runs';
  let returning = false;
  let pid: number | null = null;

  const engineIsAway = async ({ message }: KnownError): Promise<Sight> => {
    if (sight !== 'away')
      await tell(`${message} What it runs mostly goes on: ${proof.slot} is watched further.`);
    return 'away';
  };

  const unlessItLives = async (error: KnownError): Promise<Sight> => {
    if (error.code === 'E_ENGINE') return engineIsAway(error);
    const wentWithEngine = sight === 'away' || sight === 'gone';
    if (error.code !== 'E_EXITED' || !wentWithEngine) throw error;
    return 'gone';
  };

  const sightOf = (running: RunningSlot): Sight => {
    // no exit was counted, and yet it is another process: what runs it was itself started again
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

/** What a deployment ends with whose process went with the engine, and did not answer again in time. */
export function lostWithEngine({ slot }: Proof, sight: Sight, seconds: number): KnownError {
  const silent = `${slot} has not answered for ${seconds} s`;
  if (sight === 'away') return new KnownError('E_ENGINE', `${silent}: Docker's engine has not come back.`);
  const became = sight === 'gone' ? 'come back without it' : 'started it again';
  return new KnownError('E_ENGINE', `${silent}: Docker's engine has ${became}.`, readLog(slot));
}

/** What a hold ends with: another process of the same release may answer by now, but it is not what people have tried. */
export function replacedWithEngine({ slot }: Proof): KnownError {
  return new KnownError(
    'E_ENGINE',
    `The process that was tried in ${slot} went down with Docker's engine.`,
    'Hold it again: npm run -s deploy -- --hold',
  );
}
