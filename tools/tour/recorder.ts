/** Records the users' responses, and which slots run with how much memory. */
import type { UserAnswer } from '../lib/users';
import type { Sample } from './measure';
import type { Answer } from './slices';
import { SlotProcesses } from './slot-processes';

const SAMPLE_EVERY_MS = 100;

export class Recorder {
  /** In order of time. */
  answers: Answer[] = [];
  samples: Sample[] = [];
  private newCommit = '';
  private readonly processes: SlotProcesses;
  private readonly timer: NodeJS.Timeout;

  /** @param ports of the slots, by name */
  constructor(ports: Record<string, number>) {
    this.processes = new SlotProcesses(ports);
    this.timer = setInterval(() => this.sample(), SAMPLE_EVERY_MS);
  }

  /** Forgets what it has recorded. @param newCommit every other commit is the old version */
  restart(newCommit: string): void {
    this.newCommit = newCommit;
    this.answers = [];
    this.samples = [];
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Milliseconds since the process started. */
  now(): number {
    return performance.now();
  }

  add({ user, status, retryAfter, body }: UserAnswer): void {
    const at = this.now();
    if (status === 200) {
      const { slot, commit } = JSON.parse(body) as { slot: string; commit: string };
      const version = commit === this.newCommit ? 'new' : 'old';
      this.answers.push({ at, user, outcome: 'ok', slot, version });
    } else {
      const outcome = status === 503 && retryAfter !== undefined ? 'turned away' : 'failed';
      this.answers.push({ at, user, outcome, slot: null, version: null });
    }
  }

  private sample(): void {
    this.samples.push({ at: this.now(), ...this.processes.sample() });
  }
}
