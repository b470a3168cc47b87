/** What the README promises in tables, held against the code. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ENVIRONMENT } from '../../deploy/config';
import { ERRORS } from '../../deploy/core/errors';

const ROOT = path.resolve(__dirname, '../..');
const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const WHOSE = { commit: 'the commit', machine: 'the machine', operator: 'the call' };

it('lists every error code with whose fault it is and what to do, and no other', () => {
  const page = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `E_/.test(line));
  const wanted = Object.entries(ERRORS).map(
    ([code, { fault, hint }]) => `| \`${code}\` | ${WHOSE[fault]} | ${hint} |`,
  );
  expect(rows).toEqual(wanted);
});

it('names every environment variable that goes over the configuration, with its key', () => {
  for (const [name, keys] of Object.entries(ENVIRONMENT)) {
    expect(README).toContain(`\`${name}\``);
    expect(README).toContain(`\`${keys.join('.')}\``);
  }
});

it('shows the run of the demo that is kept in docs/', () => {
  const run = readFileSync(path.join(ROOT, 'docs/demo.txt'), 'utf8').trimEnd();
  expect(README).toContain(`\`\`\`text\n${run}\n\`\`\``);
});

it('names only npm scripts that exist', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: object;
  };
  const named = [...README.matchAll(/npm run (?:-s )?([a-z:0-9]+)/g)].map(([, script]) => script);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((script) => !Object.hasOwn(scripts, script ?? ''))).toEqual([]);
});

it.each([
  'README.md',
  'README.ko.md',
  'CONTRIBUTING.md',
  'deploy/README.md',
  'docs/ci-cd.md',
  'docs/decisions/README.md',
  'docs/database.md',
  'docs/errors.md',
  'docs/own-app.md',
  'docs/strategies.ko.md',
  'docs/strategies.md',
])('in %s every link to a file leads to one', (file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(path.join(ROOT, path.dirname(file), link)))).toEqual([]);
});
