/** Records the first push of the demo: when each line appeared, and which slot answered the users during the push. */
import type { UserAnswer } from '../lib/users';

export const COMMAND = '$ git push live main';
const SLICE_MS = 50;

/** All times are in milliseconds since the command. */
export interface PushRecording {
  users: number;
  /** When each line appeared, the command's first. */
  startsMs: number[];
  sliceMs: number;
  /** How many requests each slot answered in each slice of time. */
  slots: Record<string, number[]>;
  failed: number;
}

export class PushRecorder {
  private readonly lines: number[] = [];
  private readonly answers: { at: number; slot: string }[] = [];
  private readonly users = new Set<number>();
  private failed = 0;
  private state: 'before' | 'during' | 'after' = 'before';

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Called with each line of the transcript when it appears. */
  readonly line = (line: string): void => {
    if (this.state === 'before' && line === COMMAND) this.state = 'during';
    else if (this.state === 'during' && line.startsWith('$ ')) this.state = 'after';
    if (this.state === 'during') this.lines.push(this.now());
  };

  readonly answer = ({ user, status, body }: Omit<UserAnswer, 'retryAfter'>): void => {
    if (this.state !== 'during') return;
    this.users.add(user);
    if (status === 200)
      this.answers.push({ at: this.now(), slot: (JSON.parse(body) as { slot: string }).slot });
    else this.failed += 1;
  };

  recording(): PushRecording {
    const [start = 0, end = 0] = [this.lines[0], this.lines.at(-1)];
    const empty = Array<number>(Math.ceil((end - start) / SLICE_MS)).fill(0);
    const slots: PushRecording['slots'] = {};
    for (const { at, slot } of this.answers.filter((answer) => answer.at < end)) {
      const slices = (slots[slot] ??= [...empty]);
      const index = Math.floor((at - start) / SLICE_MS);
      slices[index] = (slices[index] ?? 0) + 1;
    }
    const startsMs = this.lines.map((at) => Math.round(at - start));
    return { users: this.users.size, startsMs, sliceMs: SLICE_MS, slots, failed: this.failed };
  }
}
