import {
  parseSize,
  fits,
  availableInGroup,
  memoryGroup,
  memoryOfPlan,
  formatSize,
  shortageSentence,
} from '../../../deploy/core/capacity';
import type { Plan } from '../../../deploy/core/plan';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { inPlace } from '../../../deploy/strategies/in-place';
import { rolling } from '../../../deploy/strategies/rolling';
import { inputFor, NEW, OLD, OTHER, running, serves } from '../../support/plan-text';

const MB = 1024 ** 2;

it('a need fits when exactly the reserve stays free', () => {
  expect(fits({ free: 600 * MB, needs: 100 * MB, keep: 500 * MB })).toBe(true);
  expect(fits({ free: 600 * MB - 1, needs: 100 * MB, keep: 500 * MB })).toBe(false);
});

it('the message about a full disk names every figure', () => {
  const disk = { free: 540.4 * MB, needs: 1500 * MB, keep: 500 * MB };
  expect(shortageSentence('The disk of /srv', 'a release', disk)).toBe(
    'The disk of /srv has 540 MB left: a release needs about 1,500 MB, and 500 MB must stay free.',
  );
});

it.each([
  ['512k', 512 * 1024],
  ['64m', 64 * MB],
  ['2g', 2048 * MB],
  ['0m', 0],
])('the size %s is parsed into bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

it('sizes are rounded to whole megabytes', () => expect(formatSize(1.6 * MB)).toBe('2 MB'));

describe('a control group', () => {
  const group =
    (files: Record<string, string>) =>
    (name: string): string | null =>
      files[name] ?? null;

  it('of version 2 has its limit minus its usage left, caches excluded', () => {
    const files = {
      'memory.max': '1000\n',
      'memory.current': '700\n',
      'memory.stat': 'anon 300\ninactive_file 250\nactive_file 9\n',
    };
    expect(availableInGroup(2, group(files))).toBe(550);
  });

  it('of version 1 has the same left, read from other files', () => {
    const files = {
      'memory.limit_in_bytes': '1000\n',
      'memory.usage_in_bytes': '700\n',
      'memory.stat': 'inactive_file 1\ntotal_inactive_file 250\n',
    };
    expect(availableInGroup(1, group(files))).toBe(550);
  });

  it('without a limit restricts nothing', () => {
    expect(availableInGroup(2, group({ 'memory.max': 'max\n', 'memory.current': '7' }))).toBe(Infinity);
    expect(availableInGroup(2, group({}))).toBe(Infinity);
  });

  it('over its limit has nothing left', () => {
    expect(availableInGroup(2, group({ 'memory.max': '10', 'memory.current': '20' }))).toBe(0);
  });

  it('is parsed from the cgroup file of the process', () => {
    expect(memoryGroup('0::/user.slice/a:b\n')).toEqual({ version: 2, path: '/user.slice/a:b' });
    expect(memoryGroup('9:name=systemd:/\n4:cpu,memory:/docker/1\n0::/\n')).toEqual({
      version: 1,
      path: '/docker/1',
    });
    expect(memoryGroup('')).toBeNull();
  });
});

describe('the memory that a plan needs', () => {
  const observed = serves('blue', running('blue', OLD));
  const used = new Map([['blue', 100]]);
  const peak = (plan: Plan, of = used): number => memoryOfPlan(plan, of, 100);

  it('is one more copy for blue/green, none for in-place, and one per additional slot for rolling', () => {
    expect(peak(blueGreen.plan(inputFor(observed, NEW)))).toBe(100);
    expect(peak(inPlace.plan(inputFor(observed, NEW)))).toBe(0);
    expect(peak(rolling.plan(inputFor(observed, NEW, { slots: ['blue', 'green', 'amber', 'violet'] })))).toBe(
      300,
    );
  });

  it('excludes what a replaced slot already uses', () => {
    const warm = serves('blue', running('blue', OLD), running('green', OTHER));
    const both = new Map([...used, ['green', 70]]);
    expect(peak(blueGreen.plan(inputFor(warm, NEW)), both)).toBe(30);
  });
});
