/**
 * Finds and loads the configuration file of a folder, either the clone or a checked-out commit. Supports CommonJS and
 * ES modules. An unusable file is an error that names the problem, never replaced by defaults.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { KnownError } from '../core/errors';

export const CONFIG_FILE = 'deploy.config.js';
const READABLE = [CONFIG_FILE, 'deploy.config.mjs', 'deploy.config.cjs'];
/** Formats that similar tools read but Switchyard does not. */
const UNREADABLE = /^deploy\.config\.(ts|mts|cts|json|json5|jsonc|ya?ml|toml)$/;
/** Time limit for loading the clone's file, which every command does. */
const LIMIT_MS = 5000;
/** The text of files whose load timed out in this process, by path. */
const endless = new Map<string, string>();

/** The name of the folder's configuration file, or null. Throws E_CONFIG for several files or an unsupported format. */
export function findConfigFile(folder: string): string | null {
  const names = namesIn(folder);
  const found = READABLE.filter((name) => names.includes(name));
  if (found.length > 1) {
    throw new KnownError('E_CONFIG', `${inWords(found)} are both there.`, 'Keep the one that counts.');
  }
  const other = names.find((name) => UNREADABLE.test(name));
  if (found.length === 0 && other !== undefined) {
    throw new KnownError(
      'E_CONFIG',
      `${other} is not read.`,
      `Name it ${CONFIG_FILE} and export its content from there.`,
    );
  }
  return found[0] ?? null;
}

/** The name for messages: the folder's file, or the default name. Never throws. */
export function configFileName(folder: string): string {
  try {
    return findConfigFile(folder) ?? CONFIG_FILE;
  } catch {
    return CONFIG_FILE;
  }
}

/** A file's export, or why it cannot be used. */
export type Exported = { value: unknown; isEmpty: boolean } | Refusal;

interface Refusal {
  /**
   * `none`: no default export. `kind`: not an object. `odd`: contains a value that is not data. `failed`: did not load.
   */
  refused: 'none' | 'kind' | 'odd' | 'failed';
  /** Key path of the odd value. */
  place?: string[];
  /** Its kind, or Node's error message. */
  is?: string;
}

/** The export of the clone's file. An edit applies from the next call on. Throws E_CONFIG. */
export function readConfigFile(folder: string, name: string): unknown {
  const file = path.join(folder, name);
  const text = textOf(file, name);
  // load a file that timed out only once: the deployer reads it often, and answers no requests meanwhile
  const exported = endless.get(file) === text ? tooLong() : (quickly(file, text) ?? inProcess(file));
  if ('refused' in exported && exported.is === tooLong().is) endless.set(file, text);
  return usable(name, text, exported);
}

/** The exported value. Throws E_CONFIG for one that cannot be used. @param text content of the file */
export function usable(name: string, text: string, exported: Exported): unknown {
  if ('refused' in exported) throw refusal(name, exported);
  if (exported.isEmpty && !EXPORTS.test(text)) {
    throw new KnownError('E_CONFIG', `${name} exports nothing.`, `Write ${exampleFor(name)}.`);
  }
  return exported.value;
}

/** An export on a line of code, as far as this can be detected without a parser. */
const EXPORTS = /^[^/*\n]*(\bmodule\s*\.\s*exports\s*=|\bexport\s+default\b|\bexport\s*\{)/m;

function refusal(name: string, { refused, place = [], is = '' }: Refusal): KnownError {
  if (refused === 'none') {
    const hint = `Write ${exampleFor(name)}; named exports are not read.`;
    return new KnownError('E_CONFIG', `${name} has no default export.`, hint);
  }
  if (refused === 'kind') {
    const hint = 'Export the object itself; an ES module may await it first.';
    return new KnownError('E_CONFIG', `${name} exports ${is}, not an object.`, hint);
  }
  if (refused === 'odd') {
    return new KnownError('E_CONFIG', `${name}: "${place.join('.')}" is not valid: it is ${is}.`);
  }
  const said = `${name} cannot be read: ${is}`;
  if (/is not defined in ES module scope/.test(is)) {
    const hint = 'It is an ES module: write "export default { … }", or name it deploy.config.cjs.';
    return new KnownError('E_CONFIG', said, hint);
  }
  if (/Unexpected token 'export'|Cannot use import statement/.test(is)) {
    return new KnownError('E_CONFIG', said, 'It is read as CommonJS: name it deploy.config.mjs.');
  }
  return new KnownError('E_CONFIG', said);
}

function exampleFor(name: string): string {
  return name.endsWith('.cjs') ? 'module.exports = { … }' : 'export default { … } or module.exports = { … }';
}

/**
 * The kind of a value in words; null for a plain object. Like `oddity`, it uses only its arguments and these two
 * functions, because their source also runs in another process.
 */
function kindOf(value: unknown): string | null {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (typeof (value as { then?: unknown }).then === 'function') return 'a promise';
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? null : `a ${prototype.constructor.name}`;
}

/** The first value that is not data, or null. */
function oddity(value: unknown, place: string[]): Refusal | null {
  const kind = kindOf(value);
  if (kind !== null && kind !== 'an array') {
    const isData = ['null', 'undefined', 'a string', 'a number', 'a boolean'].includes(kind);
    return isData ? null : { refused: 'odd', place, is: kind };
  }
  for (const [key, inner] of Object.entries(value as object)) {
    const found = oddity(inner, [...place, key]);
    if (found) return found;
  }
  return null;
}

/**
 * Source of `exportOf(file, key)`, which resolves to a file's export, or to the value of one of its keys. It runs in a
 * process of its own, because a module is loaded only once and may hang. A string works in whatever form the kit is
 * built.
 */
export const EXPORT_OF = `
const { pathToFileURL } = require('node:url');
const kindOf = ${kindOf.toString()};
const oddity = ${oddity.toString()};
async function exportOf(file, key) {
  try {
    // evaluated text has CommonJS's names as globals: an ES module would find them, and export to nobody. The first
    // import defines "module" anew
    await import('data:text/javascript,');
    for (const name of ['require', 'module', 'exports', '__filename', '__dirname']) delete globalThis[name];
    const exported = await import(pathToFileURL(file).href);
    if (!('default' in exported)) return { refused: 'none' };
    const given = exported.default;
    const whole = given?.__esModule && 'default' in given ? given.default : given;
    const kind = kindOf(whole);
    if (kind !== null) return { refused: 'kind', is: kind };
    const value = key === undefined ? whole : whole[key];
    const isEmpty = Object.keys(whole).length === 0;
    return oddity(value, key === undefined ? [] : [key]) ?? { value, isEmpty };
  } catch (error) {
    return { refused: 'failed', is: String(error?.message ?? error).split('\\n')[0] };
  }
}
`;

/** A file without any of these words cannot make a blocking call, which vm's timeout could not interrupt. */
const MAY_BLOCK = /\b(require|import|Atomics|getBuiltinModule|binding)\b/;

/**
 * Loads CommonJS in this process, which saves the 50 ms of a new one. Null when there is no usable value; a new process
 * then finds out why.
 */
function quickly(file: string, text: string): Exported | null {
  if (MAY_BLOCK.test(text) || isEsModule(file, text)) return null;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only restored
  const { exit, stdout } = process;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- the same
  const { write } = stdout;
  const load = (): unknown => {
    // load a fresh copy each time, so that an edit applies to the next deployment
    delete require.cache[require.resolve(file)];
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(file) as unknown;
  };
  try {
    process.exit = () => {
      throw new Error('it called process.exit');
    };
    // what the file prints must not mix with a command's output
    stdout.write = () => true;
    // the timeout stops an endless loop anywhere in the file
    const value: unknown = vm.runInNewContext('load()', { load }, { timeout: LIMIT_MS });
    const isUsable = kindOf(value) === null && !('__esModule' in (value as object));
    if (!isUsable || oddity(value, []) !== null) return null;
    return { value, isEmpty: Object.keys(value as object).length === 0 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return tooLong();
    return null;
  } finally {
    process.exit = exit;
    stdout.write = write;
  }
}

function isEsModule(file: string, text: string): boolean {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  return /^\s*(import|export)\b/m.test(text) || packageType(path.dirname(file)) !== 'commonjs';
}

function packageType(folder: string): string | null {
  try {
    const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { type?: string }).type ?? 'commonjs';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'commonjs' : null;
  }
}

/** The result has its own channel, separate from what the file prints. */
const ANSWER_FD = 3;
const IN_PROCESS = `
const { writeSync } = require('node:fs');
const answer = (exported) => writeSync(${ANSWER_FD}, JSON.stringify(exported));
const ended = () => answer({ refused: 'failed', is: 'it ended before it exported anything' });
process.on('exit', ended);
const file = process.argv[1];
${EXPORT_OF}
exportOf(file).then((exported) => {
  process.off('exit', ended);
  answer(exported);
  process.exit();
});
`;

/** Runs in a process of its own and waits for it, because only a kill interrupts a blocking call. */
function inProcess(file: string): Exported {
  const { output, error } = spawnSync(process.execPath, ['-e', IN_PROCESS, file], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  });
  if (error && 'code' in error && error.code === 'ETIMEDOUT') return tooLong();
  try {
    return JSON.parse(output[ANSWER_FD] ?? '') as Exported;
  } catch {
    return { refused: 'failed', is: 'its process ended' };
  }
}

function tooLong(): Refusal {
  return { refused: 'failed', is: `it takes longer than ${LIMIT_MS / 1000} s` };
}

function textOf(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_CONFIG', `${name} cannot be read (${code ?? String(error)}).`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new KnownError('E_CONFIG', `${folder} cannot be read (${code ?? String(error)}).`);
  }
}

function inWords(names: string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
