/**
 * The app's own environment: immutable, numbered sets of variables, each with its phases. Pure.
 *
 * The number in force is the one the active release was started with, so it changes only when a deployment goes live.
 */
import { KnownError } from './errors';
import type { Deployment } from './deployment';

export interface Variable {
  value: string;
  /** When it was set, in milliseconds since 1970. */
  at: number;
}

export type Variables = Record<string, Variable>;

/** The phases that may receive a variable: `npm ci`, the build, or the app's processes and its migration. */
export const PHASES = ['install', 'build', 'run'] as const;
export type Phase = (typeof PHASES)[number];

/** The variables of each phase. A name may have another value in each. */
export type Environment = Record<Phase, Variables>;

/** The part of a stored environment that decides which one is in force. */
export interface StoredEnvironment {
  number: number;
  /** True if the next deployment of any kind uses it; false if only the deployment created for it does. */
  waits: boolean;
}

/** The number of the empty environment. */
export const EMPTY_ENVIRONMENT = 0;
export const NO_VARIABLES: Environment = { install: {}, build: {}, run: {} };

/** In bytes. Linux limits the length of one variable and of all together. */
const LONGEST_VALUE = 100_000;
const LONGEST_ALL = 1_000_000;

const OURS: [RegExp, string][] = [
  [/^(PORT$|SWITCHYARD_)/, 'Switchyard sets it for each slot'],
  [/^PATH$/, 'the app runs with the Node binary that built it'],
  [/^(NODE_CHANNEL_FD|NODE_UNIQUE_ID)$/, 'Node sets it for its own child processes'],
  [/^(LD_|DYLD_|GCONV_PATH$)/, 'it would load other code into the app'],
];

/** Throws E_ENV for an invalid name or one that Switchyard reserves. */
export function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new KnownError('E_ENV', `"${name}" is not a valid variable name.`);
  const why = OURS.find(([pattern]) => pattern.test(name))?.[1];
  if (why) throw new KnownError('E_ENV', `${name} cannot be set: ${why}.`, 'Choose another name.');
}

/**
 * Returns the environment with these values set for the phases. A variable whose value does not change keeps its date.
 * Throws E_ENV.
 */
export function withSet(
  environment: Environment,
  given: Record<string, string>,
  phases: readonly Phase[],
  at: number,
): Environment {
  for (const [name, value] of Object.entries(given)) {
    checkName(name);
    checkValue(name, value);
  }
  const changed = phases.map((phase) => [phase, variablesWith(environment[phase], given, at)] as const);
  return { ...environment, ...Object.fromEntries(changed) };
}

function variablesWith(variables: Variables, given: Record<string, string>, at: number): Variables {
  const next = { ...variables };
  for (const [name, value] of Object.entries(given)) {
    if (variables[name]?.value !== value) next[name] = { value, at };
  }
  const all = Object.entries(next).reduce((sum, [name, { value }]) => sum + name.length + bytes(value), 0);
  if (all > LONGEST_ALL) throw new KnownError('E_ENV', `Together they are longer than ${LONGEST_ALL} bytes.`);
  return next;
}

/** Returns the environment without these names in the phases. Throws E_ENV for a name that none of them has. */
export function withUnset(
  environment: Environment,
  names: string[],
  phases: readonly Phase[] = PHASES,
): Environment {
  const unknown = names.find((name) => phases.every((phase) => !Object.hasOwn(environment[phase], name)));
  if (unknown !== undefined) {
    throw new KnownError('E_ENV', `${unknown} is not set.`, 'List them: ./switchyard env list');
  }
  const changed = phases.map((phase) => {
    const left = Object.entries(environment[phase]).filter(([name]) => !names.includes(name));
    return [phase, Object.fromEntries(left)] as const;
  });
  return { ...environment, ...Object.fromEntries(changed) };
}

/** True if the environments are the same for these phases. */
export function sameValues(one: Environment, other: Environment, phases: readonly Phase[] = PHASES): boolean {
  return phases.every((phase) => {
    const names = Object.keys({ ...one[phase], ...other[phase] });
    return names.every((name) => one[phase][name]?.value === other[phase][name]?.value);
  });
}

/** The values of a phase, by name. */
export function valuesOf(variables: Variables): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value]));
}

/**
 * The number in force. Before the first release is live, or with a new journal, it is the newest number.
 * @param live the deployment of the active release
 */
export function environmentInForce(live: Deployment | null, there: StoredEnvironment[]): number {
  if (live) return live.environment ?? EMPTY_ENVIRONMENT;
  return Math.max(EMPTY_ENVIRONMENT, ...there.map(({ number }) => number));
}

/** The number the next deployment starts its release with: the newest waiting one, or the one in force. */
export function nextEnvironment(live: Deployment | null, there: StoredEnvironment[]): number {
  const now = environmentInForce(live, there);
  return Math.max(now, ...there.filter(({ waits }) => waits).map(({ number }) => number));
}

/** The numbers that are no longer needed. @param running the numbers that the slots were started with */
export function unneededEnvironments(
  live: Deployment | null,
  there: StoredEnvironment[],
  running: number[],
): number[] {
  const needed = [environmentInForce(live, there), nextEnvironment(live, there), ...running];
  const asked = Math.max(...needed);
  // a newer number may belong to a request made just now
  return there.map(({ number }) => number).filter((number) => number < asked && !needed.includes(number));
}

function checkValue(name: string, value: string): void {
  if (value.includes('\0')) throw new KnownError('E_ENV', `The value of ${name} contains a NUL byte.`);
  if (bytes(value) > LONGEST_VALUE) {
    throw new KnownError('E_ENV', `The value of ${name} is longer than ${LONGEST_VALUE} bytes.`);
  }
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
