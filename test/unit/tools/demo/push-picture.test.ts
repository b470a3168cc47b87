/** Tests how the first push of the demo is recorded and drawn. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pushPicture } from '../../../../tools/demo/push-picture';
import { PushRecorder, type PushRecording } from '../../../../tools/demo/push-recorder';

const TRANSCRIPT = [
  '$ git commit',
  '$ git push live main',
  'remote: ✓ test  4.3 s',
  'remote: ✓ shift  20 ms   green',
  'To push.git',
  '$ next',
];
const RECORDING: PushRecording = {
  users: 8,
  startsMs: [0, 4400, 5000, 10_000],
  sliceMs: 50,
  slots: {
    blue: Array.from({ length: 200 }, (_, slice) => (slice < 100 ? 7 : 0)),
    green: Array.from({ length: 200 }, (_, slice) => (slice < 100 ? 0 : 7)),
  },
  failed: 0,
};

const rowsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text y=[^]*?<\/text>/g)].map(([row]) => row.replace(/<[^>]*>/g, ''));

describe('the recorder', () => {
  /** Times in milliseconds. */
  function record(events: [at: number, event: string | { slot: string | null }][]): PushRecording {
    let now = 0;
    const recorder = new PushRecorder(() => now);
    for (const [at, event] of events) {
      now = at;
      if (typeof event === 'string') recorder.line(event);
      else if (event.slot === null) recorder.answer({ user: 1, status: 502, body: '' });
      else recorder.answer({ user: 0, status: 200, body: JSON.stringify(event) });
    }
    return recorder.recording();
  }

  it('counts the responses of each slot per slice of time, from the command to its last line', () => {
    const recording = record([
      [0, '$ git commit'],
      [10, { slot: 'blue' }],
      [1000, '$ git push live main'],
      [1010, { slot: 'blue' }],
      [1020, { slot: 'blue' }],
      [1060, { slot: null }],
      [1120, { slot: 'green' }],
      [1130, 'To push.git'],
      [1140, { slot: 'green' }],
      [1150, '$ next'],
      [1160, { slot: 'green' }],
    ]);
    expect(recording).toEqual({
      users: 2,
      startsMs: [0, 130],
      sliceMs: 50,
      slots: { blue: [2, 0, 0], green: [0, 0, 1] },
      failed: 1,
    });
  });

  it('records the first push only', () => {
    const recording = record([
      [0, '$ git push live main'],
      [100, 'To push.git'],
      [200, '$ next'],
      [300, '$ git push live main'],
    ]);
    expect(recording.startsMs).toEqual([0, 100]);
  });
});

describe('the picture', () => {
  const svg = pushPicture(TRANSCRIPT, RECORDING);

  it('shows the first push, and below it the responses of each slot', () => {
    const rows = rowsOf(svg);
    expect(rows.slice(0, 4)).toEqual(TRANSCRIPT.slice(1, 5));
    expect(rows.slice(4)).toEqual([
      '# Meanwhile, 8 users send requests. Which slot answers?',
      'blue     ',
      'green    ',
      expect.stringMatching(/^ {56}╵shift {36}10\.0 s$/),
      '         1,400 responses, 0 failed',
    ]);
  });

  it('shows each line when it appeared, and the total at the end', () => {
    const starts = [...svg.matchAll(/<g class="at(\d+)">/g)].map(([, start]) => Number(start));
    expect(starts.slice(0, 4)).toEqual([0, 5200, 5800, 10_800]);
    expect(starts.at(-1)).toBe(10_800);
  });

  it('lets the playhead reach the shift when its line appears', () => {
    expect(svg).toContain('@keyframes h0{0%,4.76%{transform:none}64.29%,100%');
    // 0.8 s and 10.8 s of 16.8 s; the shift is in the middle, at 5.8 s
    expect(svg).toContain('@keyframes at5800{0%{opacity:0}34.52%,100%{opacity:1}}');
  });

  it('keeps the mark of a late shift on its row', () => {
    const late = pushPicture(TRANSCRIPT, { ...RECORDING, startsMs: [0, 4400, 9900, 10_000] });
    expect(rowsOf(late)).toContainEqual(expect.stringMatching(/ ╵shift 10\.0 s$/));
  });

  it('plays a long push in ten seconds, and says so', () => {
    const long = pushPicture(TRANSCRIPT, { ...RECORDING, startsMs: [0, 10_000, 15_000, 20_000] });
    expect(rowsOf(long)).toContainEqual(expect.stringContaining('(played 2 times as fast)'));
    expect([...long.matchAll(/<g class="at(\d+)">/g)].slice(0, 4).map(([, start]) => Number(start))).toEqual([
      0, 5800, 8300, 10_800,
    ]);
    expect(rowsOf(svg).join()).not.toContain('played');
  });

  it('reports failed requests', () => {
    expect(rowsOf(pushPicture(TRANSCRIPT, { ...RECORDING, failed: 3 })).at(-1)).toContain(', 3 failed');
  });
});

describe('docs/push.svg', () => {
  const read = (name: string): string =>
    readFileSync(path.resolve(__dirname, '../../../../docs', name), 'utf8');
  const transcript = read('demo.txt').trimEnd().split('\n');
  const recording = JSON.parse(read('push.json')) as PushRecording;

  it('is up to date with docs/demo.txt and docs/push.json', () => {
    expect(read('push.svg')).toBe(pushPicture(transcript, recording));
  });

  it('is drawn from a recording of the same run', () => {
    const first = transcript.indexOf('$ git push live main');
    const next = transcript.findIndex((line, index) => index > first && line.startsWith('$ '));
    expect(recording.startsMs).toHaveLength(next - first);
  });
});
