/** A clone that was renamed or moved after `npm start` finds its home. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../deploy/config/load';
import { saveSettings } from '../../deploy/config/saved-settings';
import { ensureLiveRemote } from '../../deploy/git/live-remote';
import { preparePushRepository } from '../../deploy/git/push-repository';
import { resolveHome, type Home } from '../../deploy/home/home';
import { homeAndClone, type Repository } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;
let moved: string;

beforeEach(async () => {
  ({ home, clone, top } = homeAndClone());
  moved = path.join(top, "it's new");
  clone.commit();
  mkdirSync(home.dir, { recursive: true });
  saveSettings(home.settings, {}, loadConfig(clone.dir, {}));
  await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch: 'main' });
  await ensureLiveRemote(home, clone.dir);
});

const homeOf = (folder: string): string => resolveHome(folder, {}).dir;

test('a moved clone keeps its home', () => {
  renameSync(clone.dir, moved);
  expect(homeOf(moved)).toBe(home.dir);
});

test('a copy takes over the home once its original was removed', () => {
  cpSync(clone.dir, moved, { recursive: true });
  expect(homeOf(moved)).not.toBe(home.dir);
  rmSync(clone.dir, { recursive: true });
  expect(homeOf(moved)).toBe(home.dir);
});

test('a moved clone keeps its home when another clone is at its old path', () => {
  renameSync(clone.dir, moved);
  execFileSync('git', ['clone', '--quiet', moved, clone.dir]);
  expect(homeOf(moved)).toBe(home.dir);
});

test('a moved clone keeps its home when its old path is a symbolic link to the new one', () => {
  renameSync(clone.dir, moved);
  symlinkSync(moved, clone.dir);
  expect(homeOf(moved)).toBe(home.dir);
});

test('a new clone gets its own home', () => {
  clone.git('clone', '--quiet', clone.dir, moved);
  expect(homeOf(moved)).not.toBe(home.dir);
});

test('a moved clone uses the home named by SWITCHYARD_HOME', () => {
  renameSync(clone.dir, moved);
  expect(resolveHome(moved, { SWITCHYARD_HOME: '/elsewhere' }).dir).toBe('/elsewhere');
});
