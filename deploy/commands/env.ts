/** `env set`, `unset`, `apply`, `list`: manages the app's own environment. Never prints a value. */
import { jsonText } from '../core/terminal-text';
import { storeEnvironment, numberInForce, nextNumber, readEnvironment } from '../config/app-environment';
import { deployerBuild } from '../client/control-client';
import type { Environment, Phase } from '../core/environment';
import { NO_VARIABLES, PHASES, sameValues, withSet, withUnset } from '../core/environment';
import { KnownError } from '../core/errors';
import { moment, plural } from '../core/format';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { readVariables } from './env-input';
import { requestAndFollow } from './request';

interface ChangeOptions extends Options {
  /** Default: run; for `unset`, every phase that has the variable. */
  for?: string[];
  later?: boolean;
  file?: string;
}

interface Row {
  name: string;
  for: Phase[];
  /** When it was set, in milliseconds since 1970. */
  at: number;
  /** The pending change of the variable at the next deployment; null for none. */
  waits: 'set' | 'unset' | null;
}

export async function envSetCommand(words: string[], options: ChangeOptions): Promise<number> {
  const phases = phasesOf(options.for ?? ['run']);
  const context = openCloneContext();
  const given = await readVariables(words, options.file);
  return change(context, options, (now) => withSet(now, given, phases, Date.now()));
}

export async function envUnsetCommand(names: string[], options: ChangeOptions): Promise<number> {
  const phases = phasesOf(options.for ?? [...PHASES]);
  return change(openCloneContext(), options, (now) => withUnset(now, names, phases));
}

export async function envApplyCommand(options: Options): Promise<number> {
  const context = openCloneContext();
  const { now, next } = variables(context);
  if (sameValues(now, next))
    return printResult(options, 'Nothing to apply: the app already has these variables.');
  mustBeAlone(context);
  return apply(context, next, options);
}

export function envListCommand(options: Options): number {
  const { now, next } = variables(openCloneContext());
  const rows = merged(PHASES.flatMap((phase) => rowsOf(phase, now, next)));
  if (options.json) console.log(jsonText({ variables: rows }));
  else if (rows.length === 0) console.log('No variable is set: ./switchyard env set NAME=value');
  else for (const row of rows) console.log(listLine(row));
  return 0;
}

function rowsOf(phase: Phase, { [phase]: now }: Environment, { [phase]: next }: Environment): Row[] {
  return Object.keys({ ...now, ...next }).map((name): Row => {
    const at = (next[name] ?? now[name])?.at ?? 0;
    const isSame = now[name]?.value === next[name]?.value;
    return { name, for: [phase], at, waits: isSame ? null : name in next ? 'set' : 'unset' };
  });
}

/** Rows sorted by name; a variable that was set for several phases together has one row. */
function merged(rows: Row[]): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify([row.name, row.at, row.waits]);
    const phases = [...(found.get(key)?.for ?? []), ...row.for];
    found.set(key, { ...row, for: phases });
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Throws E_USAGE for a word that names no phase. */
function phasesOf(words: string[]): Phase[] {
  const unknown = words.find((word) => !PHASES.some((phase) => phase === word));
  if (unknown === undefined) return PHASES.filter((phase) => words.includes(phase));
  const hint = './switchyard env set --for install,build NAME=value';
  throw new KnownError('E_USAGE', `--for takes install, build or run, not "${unknown}".`, hint);
}

/** Edits the pending variables, so that consecutive changes add up. */
async function change(
  context: DeployContext,
  options: ChangeOptions,
  edit: (environment: Environment) => Environment,
): Promise<number> {
  mustBeAlone(context);
  const { now, next } = variables(context);
  const wanted = edit(next);
  if (sameValues(wanted, next) && (options.later || sameValues(wanted, now))) {
    return printResult(options, 'Nothing changed: the variables already have these values.');
  }
  if (options.later)
    return keepForLater(context, wanted, options, 'It takes effect with the next deployment.');
  if (sameValues(wanted, now, ['build', 'run']))
    return keepForLater(context, wanted, options, 'It takes effect with the next install.');
  const why = await whyLater(context);
  if (why) return keepForLater(context, wanted, options, `${why}: it takes effect with the next deployment.`);
  return apply(context, wanted, options);
}

function variables({ home, journal }: DeployContext): { now: Environment; next: Environment } {
  // a deleted file is reported when the app is started with it
  const read = (number: number): Environment => readEnvironment(home, number) ?? NO_VARIABLES;
  return { now: read(numberInForce(home, journal)), next: read(nextNumber(home, journal)) };
}

/** Throws E_ENV while another change is being deployed: this one would build on it, and it may be rolled back. */
function mustBeAlone({ journal }: DeployContext): void {
  const other = journal.pending().find(({ kind }) => kind === 'env');
  if (!other) return;
  if (other.state !== 'queued')
    throw new KnownError(
      'E_ENV',
      `Deployment ${other.id} is changing the environment.`,
      'Wait until it has finished: ./switchyard history',
    );
  throw new KnownError(
    'E_ENV',
    `Deployment ${other.id}, which changes the environment, waits in the queue.`,
    `Wait until it has finished, or remove it: ./switchyard abort ${other.id}`,
  );
}

/** Why the change must wait; null if it can be applied now. */
async function whyLater(context: DeployContext): Promise<string | null> {
  if (context.journal.lastLive() === null) return 'No release is live';
  return (await deployerBuild(context.home)) === null ? 'The deployer does not answer' : null;
}

/** Redeploys the active release with the changed variables. They are dropped if the release does not become healthy. */
async function apply(context: DeployContext, wanted: Environment, options: Options): Promise<number> {
  const environment = storeEnvironment(context.home, context.journal, { environment: wanted, waits: false });
  return requestAndFollow(context, { kind: 'env', trigger: 'command', environment }, options);
}

function keepForLater(context: DeployContext, wanted: Environment, options: Options, when: string): number {
  storeEnvironment(context.home, context.journal, { environment: wanted, waits: true });
  return printResult(
    options,
    `${when} To apply it now: ./switchyard env apply`,
    PHASES.flatMap((phase) => Object.keys(wanted[phase])).length,
  );
}

function printResult(options: Options, line: string, count?: number): number {
  if (options.json) console.log(jsonText({ applied: false, message: line }));
  else console.log(count === undefined ? line : `✓ ${plural(count, 'variable')} kept. ${line}`);
  return 0;
}

function listLine({ name, for: phases, at, waits }: Row): string {
  const only = phases.join() === 'run' ? '' : `  for ${phases.join(', ')}`;
  const wait =
    waits === null ? '' : `  waits for the next deployment${waits === 'unset' ? ' to be unset' : ''}`;
  return `${name.padEnd(24)}  ${moment(at)}${only}${wait}`;
}
