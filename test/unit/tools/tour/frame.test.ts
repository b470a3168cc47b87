/** How the tour draws responses as lanes, costs and a table. */
import { frameOf } from '../../../../tools/tour/frame';
import type { SlotColour } from '../../../../tools/svg/page';
import type { View } from '../../../../tools/tour/frame';
import { flow } from '../../../../tools/tour/rows';
import { measure } from '../../../../tools/tour/measure';
import type { Sample } from '../../../../tools/tour/measure';
import { slicesOf } from '../../../../tools/tour/slices';
import type { Answer } from '../../../../tools/tour/slices';
import { textOf } from '../../../../tools/tour/screen';
import { tableOf } from '../../../../tools/tour/table';

const EVERY_MS = 5;

describe('slices', () => {
  it('count responses by slot and version', () => {
    const answers = [
      ...from(0, 50, 'blue', 'old'),
      ...from(50, 90, 'green', 'new'),
      ...[90, 95].map(turnedAway),
      failed(100),
      ...from(105, 150, 'green', 'new'),
    ];
    expect(slicesOf(answers, { from: 0, to: 150 }, 3)).toEqual([
      { slots: { blue: { old: 10, new: 0 } }, old: 10, new: 0, turnedAway: 0, failed: 0 },
      { slots: { green: { old: 0, new: 8 } }, old: 0, new: 8, turnedAway: 2, failed: 0 },
      { slots: { green: { old: 0, new: 9 } }, old: 0, new: 9, turnedAway: 0, failed: 1 },
    ]);
  });

  it('leave out responses before and after the period', () => {
    const answers = [ok(-1, 'blue', 'old'), ok(5, 'blue', 'old'), ok(100, 'blue', 'old')];
    expect(slicesOf(answers, { from: 0, to: 100 }, 1)).toMatchObject([{ old: 1 }]);
  });

  it('are longer where there are few responses, so that none is empty by chance', () => {
    const answers = every(0, 1000, 50).map((at) => ok(at, 'blue', 'old'));
    const slices = slicesOf(answers, { from: 0, to: 1000 }, 100);
    expect(slices.map(({ old }) => old)).toEqual(Array(100).fill(10));
  });
});

describe('a frame', () => {
  it('shows all traffic move from one slot to the other, and back', () => {
    const view = viewOf([...from(0, 2000, 'blue', 'old'), ...from(2000, 4000, 'green', 'new')], 4000);
    expect(lines(view)).toEqual([
      'Blue/green  all at once',
      '$ ./switchyard deploy',
      'blue     ▇▇▇▇▇▇▇▇▇▇',
      'green              ▇▇▇▇▇▇▇▇▇▇',
      'old      ━━━━━━━━━━',
      'new                ━━━━━━━━━━',
      '             ╵begins    4.0 s',
      '         640 requests',
      '         0 failed',
      '         1 version at once',
      '         0 slots ran with 0 MB',
      '         no slot served for a moment',
    ]);
  });

  it('fills a lane with the share of the slot', () => {
    const answers = every(0, 4000).map((at, index) =>
      index % 4 === 0 ? ok(at, 'green', 'new') : ok(at, 'blue', 'old'),
    );
    const [, , blue, green] = lines(viewOf(answers, 4000));
    expect(blue).toMatch(/^blue {5}▇+$/);
    expect(green).toMatch(/^green {4}▃+$/);
  });

  it('fills the lanes of slots that always share the traffic', () => {
    const slots = ['blue', 'green', 'amber', 'violet'];
    const answers = every(0, 4000).map((at, index) => ok(at, slots[index % 4] as string, 'old'));
    expect(lines(viewOf(answers, 4000)).slice(2, 6)).toEqual(
      slots.map((slot) => slot.padEnd(9) + '▇'.repeat(20)),
    );
  });

  it('draws the old version dim and the new one bright, in the slot’s colour', () => {
    const answers = [...from(0, 2000, 'blue', 'old'), ...from(2000, 4000, 'blue', 'new')];
    const row = frameOf(viewOf(answers, 4000), SLOTS, 29)[2];
    expect(row?.map(({ style }) => style)).toEqual(['blue', 'blue-old', 'blue']);
  });

  it('draws the line of a version through a single slice without it', () => {
    const answers = every(0, 4000).map((at) => ok(at, 'blue', 'old'));
    const some = [1000, 1200, 1600, 1800, 3000].map((at) => ok(at, 'green', 'new'));
    const view = viewOf(
      [...answers, ...some].sort((a, b) => a.at - b.at),
      4000,
    );
    expect(lines(view).find((line) => line.startsWith('new'))).toBe(`new${' '.repeat(11)}━━━━━     ━`);
  });

  it('has a line for the maintenance page and one for failures, if users got any', () => {
    const quiet = lines(viewOf(from(0, 1000, 'blue', 'old'), 1000));
    expect(quiet.filter((line) => /^(503|failed) /.test(line))).toEqual([]);
    const answers = [...from(0, 500, 'blue', 'old'), ...every(500, 900).map(turnedAway), failed(950)];
    const loud = lines(viewOf(answers, 1000));
    expect(loud.find((line) => line.startsWith('503'))).toBe(`503${' '.repeat(16)}━━━━━━━━`);
    expect(loud.find((line) => line.startsWith('failed'))).toBe(`failed${' '.repeat(22)}━`);
  });
});

it('the labels of moments that are close leave room for the duration', () => {
  const view = viewOf(from(0, 12_400, 'blue', 'old'), 12_400);
  Object.assign(view.marks, { live: 10_300, rollback: 10_400 });
  const rows = textOf(frameOf(view, SLOTS, 104)).split('\n');
  const row = rows.find((line) => line.includes('╵begins')) ?? '';
  expect(row).toMatch(/╵begins +╵live ╵rollback +12\.4 s$/);
  expect(row).toHaveLength(104);
});

it('a frame of a bad release shows who was affected and the automatic rollback', () => {
  const answers = every(0, 4000).map((at, index) =>
    at >= 2000 && at < 2500 && index % 10 === 0
      ? { ...failed(at), user: index % 3 }
      : ok(at, 'blue', 'old', index % 8),
  );
  const view = viewOf(answers, 4000);
  Object.assign(view.strategy, { fault: 'sed' });
  Object.assign(view.marks, { rollback: 2400 });
  view.verdict = '✗ NOT LIVE. Still serving v1.0.0 (c0ffee1)';
  expect(lines(view).slice(4)).toEqual([
    'new',
    `failed   ${' '.repeat(10)}━━━`,
    '         ╵begins ╵rollback4.0 s',
    '         640 requests',
    '         10 failed',
    '         3 of 8 users affected',
    '         rolled back automatically after 450 ms',
    '✗ NOT LIVE. Still serving',
    'v1.0.0 (c0ffee1)',
  ]);
});

describe('the cost of a strategy', () => {
  it('is only a second slot when all users move at the same time', () => {
    const answers = [
      ...from(0, 1000, 'blue', 'old'),
      ...from(1000, 2000, 'green', 'new'),
      ...from(2000, 3000, 'blue', 'old'),
    ];
    const cost = measure(answers, samples(0, 1500, ['blue', 'green']), {
      started: 0,
      live: 1500,
      rollback: 1900,
    });
    expect(cost).toEqual({
      requests: 600,
      failed: 0,
      affected: 0,
      users: 1,
      turnedAway: 0,
      downMs: 0,
      bothMs: 0,
      flipFlopped: 0,
      liveMs: 1000,
      maxRunning: 2,
      maxMemory: 120e6,
      minServing: 1,
      rollbackMs: 100,
      newMs: 995,
    });
  });

  it('includes the time in which all users got the maintenance page', () => {
    const answers = [
      ...from(0, 1000, 'blue', 'old'),
      ...every(1000, 1800).map(turnedAway),
      ...from(1800, 3000, 'blue', 'new'),
      ...every(3000, 3500).map(turnedAway),
      ...from(3500, 4000, 'blue', 'old'),
    ];
    const cost = measure(answers, samples(0, 2000, ['blue']), { started: 0, live: 2000, rollback: 2900 });
    expect(cost).toMatchObject({ turnedAway: 260, failed: 0, downMs: 800, bothMs: 0, minServing: 0 });
    expect(cost).toMatchObject({ liveMs: 1800, rollbackMs: 600 });
  });

  it('includes the time with two versions, from the first response of the new to the last of the old', () => {
    const answers = every(0, 3000).map((at, index) =>
      at >= 1000 && (at >= 2500 || index % 2 === 0) ? ok(at, 'green', 'new') : ok(at, 'blue', 'old'),
    );
    expect(measure(answers, [], { started: 0 }).bothMs).toBe(1495);
  });

  it('counts each user who got the old version after the new one once', () => {
    const answers = [
      ok(0, 'blue', 'old', 1),
      ok(5, 'green', 'new', 1),
      ok(10, 'green', 'new', 2),
      ok(15, 'blue', 'old', 1),
      ok(20, 'green', 'new', 1),
      ok(25, 'blue', 'old', 1),
      ok(30, 'blue', 'old', 3),
    ];
    expect(measure(answers, [], { started: 0 }).flipFlopped).toBe(1);
    expect(measure(answers, [], { started: 0, rollback: 10 }).flipFlopped).toBe(0);
  });

  it('counts failures, and ends the rollback when all users have the old version', () => {
    const answers = [...from(0, 500, 'blue', 'new'), failed(500), ...from(600, 700, 'blue', 'new')];
    expect(measure(answers, [], { started: 0, rollback: 550 })).toMatchObject({
      failed: 1,
      rollbackMs: null,
    });
  });
});

it('the table compares the strategies row by row', () => {
  const cost = measure(from(0, 1000, 'blue', 'old'), [], { started: 0 });
  const strategies = [
    { title: 'In-place', cost: { ...cost, downMs: 900, turnedAway: 31 } },
    {
      title: 'Rolling',
      cost: { ...cost, bothMs: 6200, maxRunning: 4, minServing: 3, rollbackMs: 7000 },
    },
  ];
  const table = textOf(tableOf(strategies, 104)).trimEnd().split('\n');
  expect(table[0]).toMatch(/^ +In-place +Rolling$/);
  const rows = table.slice(1).map((row) => row.split(/ {2,}/));
  expect(rows).toEqual(
    expect.arrayContaining([
      ['requests', '200', '200'],
      ['requests failed', '0', '0'],
      ['downtime', '900 ms', '–'],
      ['versions at once', '1', '2'],
      ['', 'for', '–', '6.2 s'],
      ['slots at most', '0', '4'],
      ['rolled back in', '–', '7.0 s'],
    ]),
  );
  expect(new Set(table.map((row) => row.length)).size).toBe(1);
});

it('the table of four strategies fits a terminal of sixty columns', () => {
  const cost = { ...measure(from(0, 1000, 'blue', 'old'), [], { started: 0 }), maxMemory: 200e6 };
  const strategies = ['In-place', 'Blue/green', 'Canary', 'Rolling'].map((title) => ({ title, cost }));
  for (const row of textOf(tableOf(strategies, 59)).split('\n')) expect(row.length).toBeLessThan(60);
});

it('a row that is too long is broken between its parts', () => {
  const parts = ['one', 'two', 'three'].map((text) => ({ text, style: 'plain' as const }));
  const rows = flow(parts, { width: 10, between: { text: ' · ', style: 'quiet' }, indent: 1 });
  expect(textOf(rows)).toBe(' one · two\n three\n');
});

const SLOTS: SlotColour[] = ['blue', 'green', 'amber', 'violet'];

function lines(view: View): string[] {
  return textOf(frameOf(view, SLOTS, 29))
    .split('\n')
    .slice(0, -1);
}

/** A finished view that starts at 0, because a frame begins 0.8 s before the start. */
function viewOf(answers: Answer[], end: number): View {
  const strategy = {
    name: 'blue-green',
    title: 'Blue/green',
    about: 'all at once',
    deploy: '',
    rollback: '',
  };
  return {
    strategy,
    commands: ['./switchyard deploy'],
    answers,
    samples: [],
    marks: { started: 800, end },
    now: end,
  };
}

function samples(first: number, last: number, running: string[]): Sample[] {
  return every(first, last, 100).map((at) => ({ at, running, memory: running.length * 60e6 }));
}

function from(first: number, end: number, slot: string, version: 'old' | 'new'): Answer[] {
  return every(first, end).map((at) => ok(at, slot, version));
}

function every(first: number, end: number, step = EVERY_MS): number[] {
  return Array.from({ length: (end - first) / step }, (_, index) => first + index * step);
}

function ok(at: number, slot: string, version: 'old' | 'new', user = 0): Answer {
  return { at, user, outcome: 'ok', slot, version };
}

function turnedAway(at: number): Answer {
  return { at, user: 0, outcome: 'turned away', slot: null, version: null };
}

function failed(at: number): Answer {
  return { at, user: 0, outcome: 'failed', slot: null, version: null };
}
