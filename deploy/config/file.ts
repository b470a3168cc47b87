/**
 * The configuration file of a folder, the clone or a checked-out commit: which one it is, and what it exports.
 * CommonJS and ES modules both work. What cannot be used is refused by name and never replaced by defaults.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { KnownError } from '../core/errors';

export const CONFIG_FILE = 'deploy.config.js';
const READABLE = [CONFIG_FILE, 'deploy.config.mjs', 'deploy.config.cjs'];
/** Formats that comparable tools read and Switchyard does not. */
const UNREADABLE = /^deploy\.config\.(ts|mts|cts|json|json5|jsonc|ya?ml|toml)$/;
/** For the clone's file. It is read by every command. */
const LIMIT_MS = 5000;
/** The text of files that this process has given up. */
const endless = new Map<string, string>();

/** The name of the folder's configuration file, or null. Throws E_CONFIG for several, or for a format that is not read. */
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

/** The name for a message: that of the folder's file, or the usual one. Never throws. */
export function configFileName(folder: string): string {
  try {
    return findConfigFile(folder) ?? CONFIG_FILE;
  } catch {
    return CONFIG_FILE;
  }
}

/** What a file exports, or why it cannot be used. */
export type Exported = { value: unknown; isEmpty: boolean } | Refusal;

interface Refusal {
  /** `none`: no default export. `kind`: not an object. `odd`: a value in it that is no data. `failed`: it did not load. */
  refused: 'none' | 'kind' | 'odd' | 'failed';
  /** Where an odd value is. */
  place?: string[];
  /** What it is, or what Node said. */
  is?: string;
}

/** What the clone's file exports. An edit counts from the next call on. Throws E_CONFIG. */
export function readConfigFile(folder: string, name: string): unknown {
  const file = path.join(folder, name);
  const text = textOf(file, name);
  // the deployer reads it again and again, and answers nobody meanwhile
  const exported = endless.get(file) === text ? tooLong() : (quickly(file, text) ?? inProcess(file));
  if ('refused' in exported && exported.is === tooLong().is) endless.set(file, text);
  return usable(name, text, exported);
}

/** The exported value. Throws E_CONFIG for what cannot be used. @param text of the file */
export function usable(name: string, text: string, exported: Exported): unknown {
  if ('refused' in exported) throw refusal(name, exported);
  if (exported.isEmpty && !EXPORTS.test(text)) {
    throw new KnownError('E_CONFIG', `${name} exports nothing.`, `Write ${exampleFor(name)}.`);
  }
  return exported.value;
}

/** An export that stands on a line of code, as far as that can be told without parsing it. */
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
 * What a value is in words; null for a plain object. Like `oddity` it uses nothing but its arguments and the other,
 * because both also run as text in another process.
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

/** The first value that is no data, or null. */
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
 * Source of `exportOf(file, key)`, which resolves to what a file exports, or to the value of one key of it. A module is
 * loaded only once, and may hang: so this runs in a process of its own. The text stands here so that it is
 * there in whatever form the kit is built.
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

/** With none of these a file cannot call anything that blocks, which no limit of this process would end. */
const MAY_BLOCK = /\b(require|import|Atomics|getBuiltinModule|binding)\b/;

/**
 * CommonJS needs no process, which takes 50 ms. Null where this does not lead to a usable value: the process then says
 * what is wrong.
 */
function quickly(file: string, text: string): Exported | null {
  if (MAY_BLOCK.test(text) || isEsModule(file, text)) return null;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only put back
  const { exit, stdout } = process;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- the same
  const { write } = stdout;
  const load = (): unknown => {
    // a fresh copy each time: an edited file counts from the next deployment on
    delete require.cache[require.resolve(file)];
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(file) as unknown;
  };
  try {
    process.exit = () => {
      throw new Error('it called process.exit');
    };
    // what it prints is none of a command's answer
    stdout.write = () => true;
    // a loop without an end is ended, wherever it is
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

/** The answer has a channel of its own: what the file prints is none of it. */
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

/** In a process of its own, waited for: nothing else ends a call that blocks. */
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
