import {
  bytesOf,
  fits,
  leftInGroup,
  memoryGroup,
  memoryOfPlan,
  size,
  tooLittle,
} from '../../../deploy/core/capacity';
import type { Plan } from '../../../deploy/core/plan';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { inPlace } from '../../../deploy/strategies/in-place';
import { rolling } from '../../../deploy/strategies/rolling';
import { inputFor, NEW, OLD, OTHER, running, serves } from '../../support/plan-story';

const MB = 1024 ** 2;

it('fits when as much is left as must be', () => {
  expect(fits({ free: 600 * MB, needs: 100 * MB, keep: 500 * MB })).toBe(true);
  expect(fits({ free: 600 * MB - 1, needs: 100 * MB, keep: 500 * MB })).toBe(false);
});

it('says every figure', () => {
  const look = { free: 540.4 * MB, needs: 1500 * MB, keep: 500 * MB };
  expect(tooLittle('The disk of /srv', 'a release', look)).toBe(
    'The disk of /srv has 540 MB left: a release needs about 1,500 MB, and 500 MB must stay free.',
  );
});

it.each([
  ['512k', 512 * 1024],
  ['64m', 64 * MB],
  ['2g', 2048 * MB],
  ['0m', 0],
])('reads %s', (text, bytes) => expect(bytesOf(text)).toBe(bytes));

it('writes sizes as people compare them', () => expect(size(1.6 * MB)).toBe('2 MB'));

describe('a control group', () => {
  const group =
    (files: Record<string, string>) =>
    (name: string): string | null =>
      files[name] ?? null;

  it('of version 2 has its limit less what it uses, caches aside', () => {
    const files = {
      'memory.max': '1000\n',
      'memory.current': '700\n',
      'memory.stat': 'anon 300\ninactive_file 250\nactive_file 9\n',
    };
    expect(leftInGroup(2, group(files))).toBe(550);
  });

  it('of version 1 has the same by other names', () => {
    const files = {
      'memory.limit_in_bytes': '1000\n',
      'memory.usage_in_bytes': '700\n',
      'memory.stat': 'inactive_file 1\ntotal_inactive_file 250\n',
    };
    expect(leftInGroup(1, group(files))).toBe(550);
  });

  it('without a limit limits nothing', () => {
    expect(leftInGroup(2, group({ 'memory.max': 'max\n', 'memory.current': '7' }))).toBe(Infinity);
    expect(leftInGroup(2, group({}))).toBe(Infinity);
  });

  it('that is over its limit has nothing', () => {
    expect(leftInGroup(2, group({ 'memory.max': '10', 'memory.current': '20' }))).toBe(0);
  });

  it('is found where the process says', () => {
    expect(memoryGroup('0::/user.slice/a:b\n')).toEqual({ version: 2, path: '/user.slice/a:b' });
    expect(memoryGroup('9:name=systemd:/\n4:cpu,memory:/docker/1\n0::/\n')).toEqual({
      version: 1,
      path: '/docker/1',
    });
    expect(memoryGroup('')).toBeNull();
  });
});

describe('what a plan takes in memory', () => {
  const observed = serves('blue', running('blue', OLD));
  const used = new Map([['blue', 100]]);
  const peak = (plan: Plan, of = used): number => memoryOfPlan(plan, of, 100);

  it('is a second copy for blue/green, none in-place, and one for each further slot of a pool', () => {
    expect(peak(blueGreen.plan(inputFor(observed, NEW)))).toBe(100);
    expect(peak(inPlace.plan(inputFor(observed, NEW)))).toBe(0);
    expect(peak(rolling.plan(inputFor(observed, NEW, { slots: ['blue', 'green', 'amber', 'violet'] })))).toBe(
      300,
    );
  });

  it('is less what it takes the place of', () => {
    const warm = serves('blue', running('blue', OLD), running('green', OTHER));
    const both = new Map([...used, ['green', 70]]);
    expect(peak(blueGreen.plan(inputFor(warm, NEW)), both)).toBe(30);
  });
});
