/** Which strategy a deployment takes: the one a person asked for, or the configuration's, for all or by branch. Pure. */

/** Those that a person may choose. */
export const STRATEGY_NAMES = ['in-place', 'rolling', 'blue-green', 'canary'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** One for all branches, or by branch: `{ main: 'blue-green', 'feature/*': 'rolling', default: 'in-place' }`. */
export type StrategyChoice = StrategyName | Record<string, StrategyName>;

const FALLBACK: StrategyName = 'blue-green';

/** The branch's own name counts before a pattern, a longer pattern before a shorter one, and any before `default`. */
export function strategyFor(choice: StrategyChoice, branch: string | null): StrategyName {
  if (typeof choice === 'string') return choice;
  const patterns = Object.keys(choice)
    .filter((pattern) => branch !== null && fits(pattern, branch))
    .sort((a, b) => Number(b === branch) - Number(a === branch) || b.length - a.length);
  return choice[patterns[0] ?? 'default'] ?? FALLBACK;
}

export function isStrategyName(name: string): name is StrategyName {
  return STRATEGY_NAMES.some((known) => known === name);
}

/** `*` stands for any text, slashes too. */
function fits(pattern: string, branch: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(branch);
}
