/** Compares the README and the pages in docs/ with the code. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../deploy/commands/program';
import { ENVIRONMENT } from '../../deploy/config/settings';
import { ERRORS } from '../../deploy/core/errors';
import { anchorOf } from '../support/heading-anchor';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const README = read('README.md');
const WHOSE = { commit: 'the commit', machine: 'the machine', operator: 'the call' };
const SCRIPTS = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
const IN_DOCS = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const PAGES = [
  'README.md',
  'README.ko.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'deploy/README.md',
  'test/README.md',
  'docs/decisions/README.md',
  ...IN_DOCS.map((name) => `docs/${name}`),
];

it('docs/errors.md lists exactly the error codes, each with its fault and its hint', () => {
  const rows = read('docs/errors.md')
    .split('\n')
    .filter((line) => /^\| `E_/.test(line));
  const wanted = Object.entries(ERRORS).map(
    ([code, { fault, hint }]) => `| \`${code}\` | ${WHOSE[fault]} | ${hint} |`,
  );
  expect(rows).toEqual(wanted);
});

it.each(['docs/configuration.md', 'docs/configuration.ko.md'])(
  '%s names every environment variable that overrides the configuration, with its key',
  (file) => {
    const page = read(file);
    for (const [name, keys] of Object.entries(ENVIRONMENT)) {
      expect(page).toContain(`\`${name}\``);
      expect(page).toContain(`\`${keys.join('.')}\``);
    }
  },
);

it.each(['docs/push.md', 'docs/push.ko.md'])('%s shows the recorded run of the demo', (file) => {
  const run = read('docs/demo.txt').trimEnd();
  expect(read(file)).toContain(`\`\`\`text\n${run}\n\`\`\``);
});

it('README.md shows the contract of an app as docs/own-app.md does', () => {
  const [contract = 'missing'] = /^```js\n[^]*?^```$/m.exec(read('docs/own-app.md')) ?? [];
  expect(README).toContain(contract);
});

it('README.md has at most 200 lines', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(200);
});

it('README.md lists every command', () => {
  const commands = Object.keys(SCRIPTS).filter((name) => SCRIPTS[name]?.includes('bin/switchyard.js'));
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.filter((name) => !new RegExp(`[\` ]${name}\\b`).test(README))).toEqual([]);
});

it.each(['docs/README.md', 'docs/README.ko.md'])('%s lists every page in docs/', (index) => {
  const korean = index.endsWith('.ko.md');
  const pages = IN_DOCS.filter((name) => !name.startsWith('README') && !name.endsWith('.ko.md'));
  const wanted = pages.map((name) => {
    const translated = name.replace('.md', '.ko.md');
    return korean && IN_DOCS.includes(translated) ? translated : name;
  });
  const links = linksIn(index);
  expect(wanted.filter((name) => !links.includes(name))).toEqual([]);
});

it.each(PAGES)('%s names only npm scripts that exist', (file) => {
  const named = [...read(file).matchAll(/npm run (?:-s )?([a-z:0-9]+)/g)].map(([, script]) => script);
  expect(named.filter((script) => !Object.hasOwn(SCRIPTS, script ?? ''))).toEqual([]);
});

it.each(PAGES)('%s names only commands that exist', (file) => {
  const named = [...read(file).matchAll(/\.\/switchyard ([a-z:]+)/g)].map(([, command]) => command ?? '');
  const known = program.commands.map((command) => command.name());
  expect(named.filter((command) => !known.includes(command))).toEqual([]);
});

it.each(PAGES)('%s links only to files that exist', (file) => {
  const links = linksIn(file);
  expect(links.filter((link) => !existsSync(path.join(ROOT, path.dirname(file), link)))).toEqual([]);
});

it.each(PAGES)('%s links only to sections that exist', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
  const missing = links.filter(([, page = '', place = '']) => {
    const target = page === '' ? file : path.join(path.dirname(file), page);
    const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    return !headings.includes(place);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

function linksIn(file: string): string[] {
  return [...read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
}
