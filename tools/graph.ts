/** `npm run graph`: draws the rooms of deploy/ and their imports as an SVG in a temporary folder, and prints its path. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { instance } from '@viz-js/viz';

const ROOT = path.resolve(__dirname, '..');
const CRUISER = path.join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

export async function main(): Promise<void> {
  const args = ['deploy', '--include-only', '^deploy/', '--output-type', 'dot'];
  const dot = execFileSync(process.execPath, [CRUISER, ...args], { cwd: ROOT, encoding: 'utf8' });
  const viz = await instance();
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'switchyard-graph-')), 'rooms.svg');
  writeFileSync(file, viz.renderString(dot, { format: 'svg' }));
  console.log(file);
}
