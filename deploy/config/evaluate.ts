/** Evaluates a configuration file: in this process if it cannot block, otherwise in a child that can be killed. */
import vm from 'node:vm';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { parseJson } from '../core/json';

export interface Refusal {
  /**
   * `none`: no default export. `kind`: not an object. `odd`: contains a value that is not data. `failed`: did not load.
   */
  refused: 'none' | 'kind' | 'odd' | 'failed';
  /** Key path of the odd value. */
  place?: string[];
  /** Its kind, or Node's error message. */
  is?: string;
}

/** A file's export, or why it cannot be used. */
export type Exported = { value: unknown; isEmpty: boolean } | Refusal;

/** Time limit for loading the clone's file. Every command loads it. */
const LIMIT_MS = 5000;

/** A file without any of these words cannot make a blocking call, which vm's timeout could not interrupt. */
const MAY_BLOCK = /\b(require|import|Atomics|getBuiltinModule|binding)\b/;
/** A type in a comment, as in Switchyard's own file. In code this is a syntax error. */
const TYPE = /@(type|satisfies) \{\s*import\('[^']*'\)[\w.]*\s*\}/g;

/** The result has its own channel, separate from what the file prints. */
const ANSWER_FD = 3;

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
 * Source of `exportOf(file, key)`, which resolves to a file's export, or to the value of one of its keys. It runs in
 * its own process, because a module is loaded only once and may hang. It is a string, so it does not depend on how the
 * kit was compiled.
 */
export const EXPORT_OF = `
const { pathToFileURL } = require('node:url');
const kindOf = ${kindOf.toString()};
const oddity = ${oddity.toString()};

async function exportOf(file, key) {
  try {
    // evaluated text has CommonJS's names as globals: an ES module would find them, and its exports would be lost. The first
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

const IN_PROCESS = `
const { writeSync } = require('node:fs');
const answer = (exported) => writeSync(${ANSWER_FD}, JSON.stringify(exported));
const ended = () => answer({ refused: 'failed', is: 'it exited before it exported anything' });
process.on('exit', ended);
const file = process.argv[1];
${EXPORT_OF}
exportOf(file).then((exported) => {
  process.off('exit', ended);
  answer(exported);
  process.exit();
});
`;

/**
 * Loads CommonJS in this process, which saves the 50 ms of a new one. Null if there is no usable value; a new process
 * then finds out why.
 */
export function loadInThisProcess(file: string, text: string): Exported | null {
  if (MAY_BLOCK.test(text.replace(TYPE, '')) || isEsModule(file, text)) return null;
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
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return timedOut();
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
    return (parseJson(manifest) as { type?: string }).type ?? 'commonjs';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'commonjs' : null;
  }
}

/** Evaluates the file in its own process, because only a kill interrupts a blocking call. */
export function loadInChildProcess(file: string): Exported {
  const { output, error } = spawnSync(process.execPath, ['-e', IN_PROCESS, file], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  });
  if (error && 'code' in error && error.code === 'ETIMEDOUT') return timedOut();
  try {
    return JSON.parse(output[ANSWER_FD] ?? '') as Exported;
  } catch {
    return { refused: 'failed', is: 'its process exited' };
  }
}

export function timedOut(): Refusal {
  return { refused: 'failed', is: `it takes longer than ${LIMIT_MS / 1000} s` };
}
