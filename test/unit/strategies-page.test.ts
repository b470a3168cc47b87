/** Readers copy from docs/strategies.md: the names on it must exist, and its configurations must be valid. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { program } from '../../deploy/commands/program';
import type { Config } from '../../deploy/config/load';
import { loadConfig } from '../../deploy/config/load';
import { STRATEGY_NAMES } from '../../deploy/core/strategy-choice';
import { anchorOf } from '../support/heading-anchor';
import { blocksOf } from '../support/page-blocks';
import { tempHome } from '../support/temp-home';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const PAGE = read('docs/strategies.md');
const DEFAULTS = JSON.parse(JSON.stringify(loadConfig(tempHome(), {}))) as Config;

describe('a configuration in docs/strategies.md', () => {
  const inTheText = [...PAGE.matchAll(/`((?:strategy|slots|steps|goal|rolling|canary|bake): [^`]+)`/g)]
    .map(([, text = '']) => text)
    .map((text) => (/^(steps|goal):/.test(text) ? `canary: { ${text} }` : text));
  const blocks = blocksOf('docs/strategies.md')
    .filter(({ language }) => language === 'js')
    .map(({ code }) => code);

  it.each([...blocks, ...inTheText])('is valid in deploy.config.js: %s', (text) => {
    expect(() => loadConfig(folderWith(`module.exports = {\n${text}\n};`), {})).not.toThrow();
  });

  it('shows the defaults where the page says so', () => {
    const shown = blocks.find((text) => text.includes('limits:')) ?? '';
    const written = runInNewContext(`({ ${shown} })`) as object;
    expect(DEFAULTS).toMatchObject(JSON.parse(JSON.stringify(written)) as object);
  });
});

it('docs/strategies.md names only configuration keys that exist', () => {
  const named = [...PAGE.matchAll(/`([a-z]+)\.([a-zA-Z]+)(?::[^`]*)?`/g)].filter(
    ([, section = '']) => section in DEFAULTS,
  );
  expect(named.length).toBeGreaterThan(2);
  const missing = named.filter(
    ([, section = '', key = '']) => !(key in (DEFAULTS[section as keyof Config] as object)),
  );
  expect(missing.map(([text]) => text)).toEqual([]);
});

it('docs/strategies.md names only commands and options that exist', () => {
  const commands = [...PAGE.matchAll(/\.\/switchyard ([a-z:]+)/g)].map(([, script = '']) => script);
  expect(commands).toEqual(expect.arrayContaining(['deploy', 'promote', 'abort', 'rollback']));
  const names = program.commands.map((command) => command.name());
  expect(commands.filter((command) => !names.includes(command))).toEqual([]);
  const known = program.commands.flatMap((command) => command.options.map(({ long }) => long));
  const options = [...PAGE.matchAll(/(?<= |`)--[a-z]+\b/g)].map(([option]) => option);
  expect(options).toContain('--hold');
  expect(options.filter((option) => !known.includes(option))).toEqual([]);
});

it('docs/strategies.md names exactly the strategies that exist', () => {
  const named = [...PAGE.matchAll(/(?:--strategy |strategy: ')([a-z-]+)/g)].map(([, name = '']) => name);
  expect([...new Set(named)].sort()).toEqual([...STRATEGY_NAMES].sort());
});

it.each(['strategies.md', 'strategies.ko.md'])('%s links only to sections of its own that exist', (file) => {
  const page = read(`docs/${file}`);
  const places = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, place = '']) => place);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !places.includes(link))).toEqual([]);
});

/** Makes a folder with this deploy.config.js. */
function folderWith(text: string): string {
  const folder = tempHome();
  writeFileSync(path.join(folder, 'deploy.config.js'), text);
  return folder;
}
