import { STRATEGY_NAMES, isStrategyName, strategyFor } from '../../../deploy/core/strategy-choice';

it('is the same for every branch where there is one name', () => {
  expect(strategyFor('rolling', 'main')).toBe('rolling');
  expect(strategyFor('rolling', null)).toBe('rolling');
});

describe('by branch', () => {
  const choice = {
    main: 'blue-green',
    '*': 'in-place',
    'feature/*': 'rolling',
    'feature/big-*': 'blue-green',
    default: 'rolling',
  } as const;

  it.each([
    ['main', 'blue-green'],
    ['feature/x', 'rolling'],
    ['feature/a/b', 'rolling'],
    ['feature/big-one', 'blue-green'],
    ['mainly', 'in-place'],
    [null, 'rolling'],
  ])('%s: the branch itself, then the longest pattern, then the default', (branch, expected) => {
    expect(strategyFor(choice, branch)).toBe(expected);
  });

  it('takes nothing in a name for more than a letter but the star', () => {
    expect(strategyFor({ 'v1.0': 'rolling' }, 'v1x0')).toBe('blue-green');
    expect(strategyFor({ '(a': 'rolling' }, '(a')).toBe('rolling');
  });

  it('is blue/green for whom nothing fits', () => {
    expect(strategyFor({ main: 'rolling' }, 'other')).toBe('blue-green');
  });
});

it('knows its own names', () => {
  for (const name of STRATEGY_NAMES) expect(isStrategyName(name)).toBe(true);
  expect(isStrategyName('restore')).toBe(false);
});
