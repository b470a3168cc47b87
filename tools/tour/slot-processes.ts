/** Which slots listen, and how much memory their processes use. */
import { withoutChildren, processesWith } from '../../deploy/os/process-table';
import { memoryOf } from '../../deploy/os/resources';
import { listeningSockets } from '../../deploy/os/tcp-sockets';

export class SlotProcesses {
  /** The last known process by port; finding one reads the environment of every process. */
  private readonly pids = new Map<number, number>();

  /** @param ports by slot */
  constructor(private readonly ports: Record<string, number>) {}

  /** The slots that listen, and the resident memory of all of them in bytes. */
  sample(): { running: string[]; memory: number } {
    const listening = new Set(listeningSockets().map(({ localPort }) => localPort));
    const running = Object.entries(this.ports).filter(([, port]) => listening.has(port));
    return {
      running: running.map(([slot]) => slot),
      memory: running.reduce((sum, [, port]) => sum + this.memoryOf(port), 0),
    };
  }

  private memoryOf(port: number): number {
    const memory = memoryOf(this.pids.get(port) ?? 0);
    if (memory > 0) return memory;
    const [found] = withoutChildren(processesWith('PORT', String(port)));
    if (found === undefined) return 0;
    this.pids.set(port, found.pid);
    return memoryOf(found.pid);
  }
}
