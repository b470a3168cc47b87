/** Compares the Node version that a commit requests with the Node that will run it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as semver from 'semver';
import { isObject, parseJson } from '../core/json';

/** The running Node: `v22.3.0`, and the code name of its LTS line, if it has one. */
export interface CurrentNode {
  version: string;
  lts?: string;
}

/**
 * A sentence if the commit requests another Node version than this one, or null. npm would only warn, and no version
 * manager reads .nvmrc here. If "engines" in package.json allows this version, .nvmrc is only a preference.
 */
export function nodeMismatch(
  folder: string,
  { version, lts }: CurrentNode = { version: process.version, lts: process.release.lts },
): string | null {
  const [wanted, place, suits] = wantedIn(folder);
  if (wanted === null || suits(wanted, { version, lts })) return null;
  const hint = 'install that Node and run npm start with it, or change what it asks for';
  return `this commit asks for Node ${wanted} (${place}), but runs with ${version}; ${hint}`;
}

function wantedIn(folder: string): [string | null, string, (wanted: string, own: CurrentNode) => boolean] {
  const engines = enginesIn(folder);
  if (engines !== null) return [engines, '"engines" in package.json', suitsRange];
  for (const name of ['.nvmrc', '.node-version']) {
    const wanted = firstLine(path.join(folder, name));
    if (wanted !== null) return [wanted, name, suitsLine];
  }
  return [null, '', suitsRange];
}

/** Words that name no version always match. */
function suitsRange(range: string, { version }: CurrentNode): boolean {
  return semver.validRange(range) === null || semver.satisfies(version, range);
}

/** A newer version of the same line also matches. */
function suitsLine(wanted: string, own: CurrentNode): boolean {
  const line = /^lts\/(.+)$/.exec(wanted)?.[1];
  if (line === '*' || line?.startsWith('-')) return own.lts !== undefined;
  if (line !== undefined) return line === own.lts?.toLowerCase();
  const exact = semver.valid(wanted);
  return suitsRange(exact === null ? wanted : `^${exact}`, own);
}

function enginesIn(folder: string): string | null {
  try {
    const manifest = parseJson(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const engines = isObject(manifest) ? manifest.engines : null;
    return isObject(engines) && typeof engines.node === 'string' ? engines.node : null;
  } catch {
    // the install reports faults in this file
    return null;
  }
}

/** The first line that is neither empty nor a comment, or null. */
function firstLine(file: string): string | null {
  try {
    const lines = readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/);
    return lines.map((line) => line.replace(/#.*/, '').trim()).find((line) => line !== '') ?? null;
  } catch {
    return null;
  }
}
