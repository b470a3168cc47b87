/** `env set`, `unset`, `apply`, `list`: the app's own environment. No value is ever shown. */
import { keepVariables, numberInForce, numberWanted, readVariables } from '../app-variables';
import { deployerBuild } from '../control-client';
import type { Variables } from '../core/environment';
import { sameValues, withSet, withUnset } from '../core/environment';
import { KnownError } from '../core/errors';
import { moment, plural } from '../core/format';
import type { Yard } from '../yard';
import type { Options } from './desk';
import { openHere } from './desk';
import { givenVariables } from './env-given';
import { requestAndFollow } from './request';

interface ChangeOptions extends Options {
  later?: boolean;
  file?: string;
}

interface Row {
  name: string;
  /** When it was set, in milliseconds since 1970. */
  at: number;
  /** What the next deployment does to it. */
  waits: 'set' | 'unset' | null;
}

export async function envSetCommand(words: string[], options: ChangeOptions): Promise<number> {
  const yard = openHere();
  const given = await givenVariables(words, options.file);
  return change(yard, options, (now) => withSet(now, given, Date.now()));
}

export async function envUnsetCommand(names: string[], options: ChangeOptions): Promise<number> {
  return change(openHere(), options, (now) => withUnset(now, names));
}

export async function envApplyCommand(options: Options): Promise<number> {
  const yard = openHere();
  const { now, next } = variables(yard);
  if (sameValues(now, next)) return say(options, 'Nothing waits: the app has these variables already.');
  mustBeAlone(yard);
  return apply(yard, next, options);
}

export function envListCommand(options: Options): number {
  const { now, next } = variables(openHere());
  const names = Object.keys({ ...now, ...next }).sort();
  const rows = names.map((name): Row => {
    const at = (next[name] ?? now[name])?.at ?? 0;
    if (now[name]?.value === next[name]?.value) return { name, at, waits: null };
    return { name, at, waits: name in next ? 'set' : 'unset' };
  });
  if (options.json) console.log(JSON.stringify({ variables: rows }, null, 2));
  else if (rows.length === 0) console.log('No variable is set: npm run -s env -- set NAME=value');
  else for (const row of rows) console.log(listLine(row));
  return 0;
}

/** Builds upon what waits already: whoever sets one thing after the other wants both. */
async function change(
  yard: Yard,
  options: ChangeOptions,
  edit: (variables: Variables) => Variables,
): Promise<number> {
  mustBeAlone(yard);
  const { now, next } = variables(yard);
  const wished = edit(next);
  if (sameValues(wished, next) && (options.later || sameValues(wished, now))) {
    return say(options, 'Nothing changes: they have these values already.');
  }
  if (options.later) return keepForLater(yard, wished, options, 'It counts from the next deployment on.');
  const why = await whyLater(yard);
  if (why) return keepForLater(yard, wished, options, `${why}: it counts from the next deployment on.`);
  return apply(yard, wished, options);
}

function variables({ home, journal }: Yard): { now: Variables; next: Variables } {
  // a file that somebody has removed is told by whoever starts the app with it
  const read = (number: number): Variables => readVariables(home, number) ?? {};
  return { now: read(numberInForce(home, journal)), next: read(numberWanted(home, journal)) };
}

/** Two changes at once would be built upon each other, and one may be taken back. */
function mustBeAlone({ journal }: Yard): void {
  const other = journal.pending().find(({ kind }) => kind === 'env');
  if (!other) return;
  const hint = 'Wait for its end: npm run -s history';
  throw new KnownError('E_ENV', `Deployment ${other.id} changes the environment just now.`, hint);
}

/** A release that does not start may lack the very variable that is set now. */
async function whyLater(yard: Yard): Promise<string | null> {
  if (yard.journal.lastLive() === null) return 'No release is live';
  return (await deployerBuild(yard.home)) === null ? 'No deployer answers' : null;
}

/** Makes the release that serves live with them. A value with which it does not become healthy is not kept. */
async function apply(yard: Yard, wished: Variables, options: Options): Promise<number> {
  const environment = keepVariables(yard.home, yard.journal, { variables: wished, waits: false });
  return requestAndFollow(yard, { kind: 'env', trigger: 'command', environment }, options);
}

function keepForLater(yard: Yard, wished: Variables, options: Options, when: string): number {
  keepVariables(yard.home, yard.journal, { variables: wished, waits: true });
  return say(options, `${when} At once: npm run -s env -- apply`, Object.keys(wished).length);
}

function say(options: Options, line: string, count?: number): number {
  if (options.json) console.log(JSON.stringify({ applied: false, message: line }, null, 2));
  else console.log(count === undefined ? line : `✓ ${plural(count, 'variable')} kept. ${line}`);
  return 0;
}

function listLine({ name, at, waits }: Row): string {
  const wait =
    waits === null ? '' : `  waits for the next deployment${waits === 'unset' ? ' to be unset' : ''}`;
  return `${name.padEnd(24)}  ${moment(at)}${wait}`;
}
