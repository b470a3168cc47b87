/**
 * The app's own environment: immutable, numbered sets of variables. The number in force is the one that the release
 * that serves was started with, so it moves with a deployment that goes live and with nothing else. Pure.
 */
import { KnownError } from './errors';
import type { Deployment } from './deployment';

export interface Variable {
  value: string;
  /** When it was set, in milliseconds since 1970. */
  at: number;
}

export type Variables = Record<string, Variable>;

/** A set of variables, as far as which one counts is decided from it. */
export interface Numbered {
  number: number;
  /** True when it is for the next deployment, whichever that is; else only for the one that was asked to try it. */
  waits: boolean;
}

/** The number that no variables have. */
export const EMPTY = 0;

/** In bytes. Linux gives a program no longer one, and no more of them together. */
const LONGEST_VALUE = 100_000;
const LONGEST_ALL = 1_000_000;

const OURS: [RegExp, string][] = [
  [/^(PORT$|SWITCHYARD_)/, 'Switchyard sets it for each slot'],
  [/^PATH$/, 'the app runs with the Node that has built it'],
  // Node and the loader read them before the app begins, from another program of the caller's choice
  [
    /^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_CHANNEL_FD|NODE_UNIQUE_ID)$/,
    'Node reads it before your app begins',
  ],
  [/^(LD_|DYLD_|GCONV_PATH$)/, 'it would load other code into the app'],
];

/** Throws E_ENV for what is no name, or one that is not the owner's to set. */
export function checkName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new KnownError('E_ENV', `"${name}" is no name of a variable.`);
  const why = OURS.find(([pattern]) => pattern.test(name))?.[1];
  if (why) throw new KnownError('E_ENV', `${name} cannot be set: ${why}.`, 'Choose another name.');
}

/** The variables with these set. Those that have the value already keep their date. Throws E_ENV. */
export function withSet(variables: Variables, given: Record<string, string>, at: number): Variables {
  const next = { ...variables };
  for (const [name, value] of Object.entries(given)) {
    checkName(name);
    checkValue(name, value);
    if (variables[name]?.value !== value) next[name] = { value, at };
  }
  const all = Object.entries(next).reduce((sum, [name, { value }]) => sum + name.length + bytes(value), 0);
  if (all > LONGEST_ALL) throw new KnownError('E_ENV', `Together they are longer than ${LONGEST_ALL} bytes.`);
  return next;
}

/** The variables without these. Throws E_ENV for one that is not set. */
export function withUnset(variables: Variables, names: string[]): Variables {
  const unknown = names.find((name) => !Object.hasOwn(variables, name));
  if (unknown !== undefined) {
    throw new KnownError('E_ENV', `${unknown} is not set.`, 'See which are: npm run -s env -- list');
  }
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}

/** True when an app would not notice the difference. */
export function sameValues(one: Variables, other: Variables): boolean {
  const names = Object.keys({ ...one, ...other });
  return names.every((name) => one[name]?.value === other[name]?.value);
}

/**
 * The number in force. Before anything was live, or with a new journal, it is the newest there is.
 * @param live the deployment whose release serves
 */
export function inForce(live: Deployment | null, there: Numbered[]): number {
  if (live) return live.environment ?? EMPTY;
  return Math.max(EMPTY, ...there.map(({ number }) => number));
}

/** What the next deployment starts its release with: the newest that waits, or the one in force. */
export function wanted(live: Deployment | null, there: Numbered[]): number {
  const now = inForce(live, there);
  return Math.max(now, ...there.filter(({ waits }) => waits).map(({ number }) => number));
}

/** Those that nothing can need any more. @param running what the slots were started with */
export function forgettable(live: Deployment | null, there: Numbered[], running: number[]): number[] {
  const needed = [inForce(live, there), wanted(live, there), ...running];
  const asked = Math.max(...needed);
  // a newer one may have been asked for just now
  return there.map(({ number }) => number).filter((number) => number < asked && !needed.includes(number));
}

function checkValue(name: string, value: string): void {
  if (value.includes('\0')) throw new KnownError('E_ENV', `The value of ${name} has a zero byte in it.`);
  if (bytes(value) > LONGEST_VALUE) {
    throw new KnownError('E_ENV', `The value of ${name} is longer than ${LONGEST_VALUE} bytes.`);
  }
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
