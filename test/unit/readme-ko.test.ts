/**
 * A Korean page mirrors the English page without `.ko`. Commands, names, links and rows need no translation and are compared
 * section by section, so that no page falls behind silently. If you cannot write Korean, put the line
 * `> 영어판이 더 최신입니다.` ("the English is newer") into the Korean section. Readers then know, and the section is not
 * compared until it is translated.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A code block, indented in a list too. */
const FENCED = /^ *```[\s\S]*?^ *```$/gm;
const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Section {
  heading: string;
  text: string;
}

const TRANSLATED = readdirSync(path.join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.ko.md'))
  .map((name) => `docs/${name.replace('.ko.md', '')}`);
const PAGES = ['README', ...TRANSLATED].map((page): [string, Section[], Section[]] => [
  page,
  sections(read(`${page}.md`)),
  sections(read(`${page}.ko.md`)),
]);

it.each(PAGES)('%s has the same sections in Korean, and both link to each other', (page, english, korean) => {
  const name = path.basename(page);
  expect(english[0]?.text).toContain(`](${name}.ko.md)`);
  expect(korean[0]?.text).toContain(`](${name}.md)`);
  expect(korean.map(({ text }) => headings(text))).toEqual(english.map(({ text }) => headings(text)));
});

const compared = PAGES.flatMap(([page, english, korean]) =>
  english
    .map((en, index) => ({ page, heading: en.heading, en, ko: korean[index] ?? { heading: '', text: '' } }))
    .filter(({ ko }) => !isBehind(ko)),
);

describe.each(compared)(
  '$page, the section for "$heading" (CONTRIBUTING.md says how to update it)',
  ({ en, ko }) => {
    it('shows the same blocks of code', () => {
      expect(codeBlocks(ko.text)).toEqual(codeBlocks(en.text));
    });

    it('names the same commands, variables and files', () => {
      expect(inlineCode(ko.text)).toEqual(inlineCode(en.text));
    });

    it('has the same rows, list items and pictures', () => {
      expect(rows(ko.text)).toEqual(rows(en.text));
    });

    it('links to the same pages, in Korean if there is a Korean one', () => {
      expect(links(ko.text)).toEqual(links(en.text));
    });
  },
);

it.each([
  'ci-cd',
  'in-place',
  'rolling',
  'blue-green',
  'canary',
  'ab-test',
  'rename',
  'drain',
  'cookie',
  'bad-canary',
  'database',
])('the picture %s differs from the English one in its words only', (picture) => {
  const drawing = (file: string): string => read(file).replace(/(<(?:text|title)\b[^>]*>)[^<]*/g, '$1');
  expect(drawing(`docs/${picture}.ko.svg`)).toBe(drawing(`docs/${picture}.svg`));
});

function isBehind({ text }: Section): boolean {
  return /^> 영어판이 더 최신입니다/m.test(text);
}

/** Split at the second-level headings. The text before the first one is a section too. */
function sections(page: string): Section[] {
  return page.split(/^## /m).map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return { heading, text: lines.join('\n') };
  });
}

/** Their levels, in order. */
function headings(text: string): string[] {
  return text.replace(FENCED, '').match(/^#+ /gm) ?? [];
}

function codeBlocks(text: string): string[] {
  return [...text.matchAll(FENCED)].map(([block]) => block);
}

function inlineCode(text: string): string[] {
  const prose = text.replace(FENCED, '');
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
  return [...new Set(spans)].sort();
}

/** The first character of every table row, list item and picture, in order. */
function rows(text: string): string[] {
  return [...text.matchAll(/^(\||\d+\.|-|!)(?= |\[|-)/gm)].map(([, sign = '']) => sign);
}

function links(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)#]+)|<(https?:[^>]+)>/g)].map(
    ([, link, url]) => link ?? url ?? '',
  );
  return [...new Set(targets.map((target) => target.replace('.ko.', '.')))].sort();
}
