/**
 * Chooses a deployment's strategy: the operator's choice or the configured one, which may depend on the branch. A
 * rollback reuses the active release's strategy. Pure.
 */

/** The strategies that an operator can choose. */
export const STRATEGY_NAMES = ['in-place', 'rolling', 'blue-green', 'canary'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/**
 * One strategy for all branches, or one per pattern: `{ main: 'blue-green', 'feature/*': 'rolling', default: 'in-place'
 * }`.
 */
export type StrategyChoice = StrategyName | Record<string, StrategyName>;

const FALLBACK: StrategyName = 'blue-green';

/**
 * An exact branch name takes precedence over a pattern, a longer pattern over a shorter one, and any pattern over
 * `default`.
 */
export function strategyFor(choice: StrategyChoice, branch: string | null): StrategyName {
  if (typeof choice === 'string') return choice;
  const patterns = Object.keys(choice)
    .filter((pattern) => branch !== null && fits(pattern, branch))
    .sort((a, b) => Number(b === branch) - Number(a === branch) || b.length - a.length);
  return choice[patterns[0] ?? 'default'] ?? FALLBACK;
}

/** The strategy by which the active release went live, if any, and the number of slots that serve it. */
export interface Arrival {
  strategy: StrategyName | null;
  slots: number;
}

/**
 * The strategy that keeps all current slots in service. Several slots get a release by rolling, whatever is configured:
 * any other strategy would leave only one of them. A release that was live before needs no canary.
 */
export function strategyBack({ strategy, slots }: Arrival, configured: StrategyName): StrategyName {
  if (slots > 1) return 'rolling';
  const chosen = strategy ?? configured;
  return chosen === 'canary' ? 'blue-green' : chosen;
}

export function isStrategyName(name: string): name is StrategyName {
  return STRATEGY_NAMES.some((known) => known === name);
}

/** `*` matches any text, including slashes. */
function fits(pattern: string, branch: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(branch);
}
