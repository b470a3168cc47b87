/**
 * Finds and loads the configuration file of a folder, either the clone or a checked-out commit. Supports CommonJS and
 * ES modules. An unusable file is an error that names the problem. Defaults never replace it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { namesIn } from '../os/names-in';
import type { Exported, Refusal } from './evaluate';
import { loadInChildProcess, loadInThisProcess, timedOut } from './evaluate';

export const CONFIG_FILE = 'deploy.config.js';
const READABLE = [CONFIG_FILE, 'deploy.config.mjs', 'deploy.config.cjs'];
/** Formats that similar tools read but Switchyard does not. */
const UNREADABLE = /^deploy\.config\.(ts|mts|cts|json|json5|jsonc|ya?ml|toml)$/;
/** The text of files whose load timed out in this process, by path. */
const endless = new Map<string, string>();

/** The name of the folder's configuration file, or null. Throws E_CONFIG for several files or an unsupported format. */
export function findConfigFile(folder: string): string | null {
  const names = listed(folder);
  const found = READABLE.filter((name) => names.includes(name));
  if (found.length > 1) {
    throw new KnownError('E_CONFIG', `${inWords(found)} both exist.`, 'Keep the right one.');
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

/** The export of the clone's file. An edit applies from the next call on. Throws E_CONFIG. */
export function readConfigFile(folder: string, name: string): unknown {
  const file = path.join(folder, name);
  const text = configText(file, name);
  // load a file that timed out only once: the deployer reads it often, and cannot answer requests while it loads
  const exported =
    endless.get(file) === text ? timedOut() : (loadInThisProcess(file, text) ?? loadInChildProcess(file));
  if ('refused' in exported && exported.is === timedOut().is) endless.set(file, text);
  return checkedValue(name, text, exported);
}

/** The exported value. Throws E_CONFIG if it cannot be used. @param text content of the file */
export function checkedValue(name: string, text: string, exported: Exported): unknown {
  if ('refused' in exported) throw refusal(name, exported);
  if (exported.isEmpty && !EXPORTS.test(text)) {
    throw new KnownError('E_CONFIG', `${name} exports nothing.`, `Write ${exampleFor(name)}.`);
  }
  return exported.value;
}

/** Detects an export on a line of code, as far as possible without a parser. */
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

/** The text of a configuration file. Throws E_CONFIG. */
export function configText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_CONFIG', `${name} cannot be read (${code ?? String(error)}).`);
  }
}

function listed(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_CONFIG', `${folder} cannot be read (${code ?? String(error)}).`);
  }
}

function inWords(names: string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
