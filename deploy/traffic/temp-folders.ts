/**
 * The folders where nginx keeps parts of large uploads and downloads, according to its configuration. They are in the
 * home, unless an operator has changed their path in the template or mounted another disk there.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import { sameDisk } from '../os/resources';
import { configFile } from './nginx-files';

const USED = /^\s*(?:client_body|proxy)_temp_path\s+"?([^";]+?)"?(?:\s+\d+)*\s*;/gm;

/** Those on another disk than the home; the home's own disk is checked anyway. */
export function tempFoldersElsewhere(home: Home): string[] {
  if (!existsSync(configFile(home))) return [];
  const named = [...readFileSync(configFile(home), 'utf8').matchAll(USED)].map(([, folder = '']) => folder);
  const folders = named.map((folder) => path.resolve(home.nginx, folder));
  return folders.filter((folder) => existsSync(folder) && !sameDisk(home.dir, folder));
}
