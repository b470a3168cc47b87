/** Half-sent requests from a separate process (half-sender.js). */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { until } from './until';

export interface HalfSent {
  /** The number of connections opened so far, including reopened ones. */
  opened(): number;
  end(): Promise<void>;
}

/** Returns once this many connections were opened. */
export async function halfSent(port: number, count: number): Promise<HalfSent> {
  const child = fork(path.join(__dirname, 'half-sender.js'), [String(port), String(count)], { execArgv: [] });
  let opened = 0;
  child.on('message', (message: { opened: number }) => (opened = message.opened));
  const attack = {
    opened: () => opened,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
  try {
    await until('the half-sent requests', () => opened >= count);
  } catch (error) {
    await attack.end();
    throw error;
  }
  return attack;
}
