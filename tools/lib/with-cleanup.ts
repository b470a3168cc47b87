/** Work that starts processes on this machine. They are stopped however the work ends. */
import { Interrupted } from '../../scripts/lib/run';

const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

interface Work<T> {
  /** As in "everything that the demo has started". */
  name: string;
  /** Returns early, without an error, once `isInterrupted`. */
  run: (isInterrupted: () => boolean) => Promise<T>;
  /** Called immediately on a signal: stops the operation that the work is waiting for. */
  interrupt: () => void;
  cleanUp: () => Promise<void> | void;
}

/** Rejects with Interrupted after a signal, once everything is cleaned up. */
export async function withCleanup<T>({ name, run, interrupt, cleanUp }: Work<T>): Promise<T> {
  let received: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    received ??= signal;
    interrupt();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // the reader of the output has exited: `npm run demo | head`
  process.stdout.on('error', () => onSignal('SIGPIPE'));
  try {
    const result = await run(() => received !== undefined);
    if (received === undefined) return result;
  } catch (error) {
    // interrupted work fails, which needs no explanation
    if (received === undefined) throw error;
  } finally {
    if (received !== undefined) console.log(`\nStopping everything that ${name} has started …`);
    await cleanUp();
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  }
  throw new Interrupted(received);
}
