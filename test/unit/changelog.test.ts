/** CHANGELOG.md keeps the form that `npm run release` and its readers rely on. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const CHANGELOG = read('CHANGELOG.md');
const HEADINGS = [...CHANGELOG.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
const GROUPS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

it('CHANGELOG.md starts with the unreleased changes and dates every version', () => {
  const [first, ...versions] = HEADINGS;
  expect(first).toBe('Unreleased');
  expect(versions.filter((heading) => !/^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/.test(heading))).toEqual([]);
});

it('CHANGELOG.md lists the version of package.json as the newest one', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(HEADINGS[1]?.split(' - ')[0]).toBe(version);
});

it('CHANGELOG.md uses only the groups of Keep a Changelog', () => {
  const groups = [...CHANGELOG.matchAll(/^### (.+)$/gm)].map(([, group = '']) => group);
  expect(groups.length).toBeGreaterThan(0);
  expect(groups.filter((group) => !GROUPS.includes(group))).toEqual([]);
});

it('CHANGELOG.md gives each change one line in a group', () => {
  const releases = CHANGELOG.split(/^## .+$/m).slice(1);
  const [ungrouped, changes] = [
    releases.map((release) => release.split(/^### /m)[0] ?? ''),
    releases.flatMap((release) => release.split(/^### .+$/m).slice(1)),
  ].map((texts) => texts.flatMap((text) => text.split('\n')).filter((line) => line !== ''));
  expect(ungrouped).toEqual([]);
  expect(changes?.length).toBeGreaterThan(0);
  expect(changes?.filter((line) => !line.startsWith('- ') || line.length > 130)).toEqual([]);
});
