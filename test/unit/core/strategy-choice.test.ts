import {
  STRATEGY_NAMES,
  isStrategyName,
  strategyBack,
  strategyFor,
} from '../../../deploy/core/strategy-choice';

it('the strategy is the same for every branch when one name is configured', () => {
  expect(strategyFor('rolling', 'main')).toBe('rolling');
  expect(strategyFor('rolling', null)).toBe('rolling');
});

describe('a strategy by branch', () => {
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
  ])('for %s is %s: the branch itself, then the longest pattern, then the default', (branch, expected) => {
    expect(strategyFor(choice, branch)).toBe(expected);
  });

  it('treats every character of a pattern except the star literally', () => {
    expect(strategyFor({ 'v1.0': 'rolling' }, 'v1x0')).toBe('blue-green');
    expect(strategyFor({ '(a': 'rolling' }, '(a')).toBe('rolling');
  });

  it('is blue/green when nothing matches', () => {
    expect(strategyFor({ main: 'rolling' }, 'other')).toBe('blue-green');
  });
});

it('only the names of strategies are recognized as such', () => {
  for (const name of STRATEGY_NAMES) expect(isStrategyName(name)).toBe(true);
  expect(isStrategyName('restore')).toBe(false);
});

describe('a rollback', () => {
  it.each([
    ['rolling', 4, 'rolling'],
    ['blue-green', 1, 'blue-green'],
    ['in-place', 1, 'in-place'],
    ['canary', 1, 'blue-green'],
  ] as const)('of a release that came by %s goes back the same way', (strategy, slots, expected) => {
    for (const configured of STRATEGY_NAMES)
      expect(strategyBack({ strategy, slots }, configured)).toBe(expected);
  });

  it('keeps all slots in service, whatever brought the release', () => {
    expect(strategyBack({ strategy: 'blue-green', slots: 2 }, 'in-place')).toBe('rolling');
  });

  it('of a release whose strategy is unknown follows the configuration, without a canary', () => {
    expect(strategyBack({ strategy: null, slots: 1 }, 'in-place')).toBe('in-place');
    expect(strategyBack({ strategy: null, slots: 0 }, 'canary')).toBe('blue-green');
  });
});
