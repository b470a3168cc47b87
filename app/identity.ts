/** The identity of this process, fixed at start, for /version, /health and the page. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from './config';
import { StartupError } from './errors';

export interface Identity {
  name: string;
  version: string;
  commit: string;
  instance: string;
  slot: string;
  /** ISO 8601, UTC. */
  startedAt: string;
}

const Manifest = z.object({ name: z.string(), version: z.string() });

/**
 * @param folder the folder of the running file. The search for a package.json goes upward from there.
 * @throws {StartupError} if there is none with a name and a version.
 */
export function identify(config: Pick<Config, 'commit' | 'instance' | 'slot'>, folder: string): Identity {
  const { name, version } = readManifest(folder);
  const { commit, instance, slot } = config;
  return { name, version, commit, instance, slot, startedAt: new Date().toISOString() };
}

/**
 * The compiled code is in the release's dist/app. In development, it runs from the clone's app/. A search upward finds
 * the right package.json from both, and skips a package.json with only a `"type"`. The file is read once, so that
 * /version reports the running release.
 */
function readManifest(folder: string): z.infer<typeof Manifest> {
  const manifest = manifestIn(folder);
  if (manifest) return manifest;
  const parent = path.dirname(folder);
  if (parent === folder)
    throw new StartupError(`No package.json with name and version lies above ${__dirname}.`);
  return readManifest(parent);
}

function manifestIn(folder: string): z.infer<typeof Manifest> | null {
  const file = path.join(folder, 'package.json');
  if (!existsSync(file)) return null;
  try {
    return Manifest.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    throw new StartupError(`${file} is not JSON.`);
  }
}
