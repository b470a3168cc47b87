/** Every picture in docs/: a forge shows it as an image, without scripts and other files. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../../..');
const DOCS = path.join(ROOT, 'docs');
const MAX_BYTES = 40_000;

const namesOf = (ending: string): string[] => readdirSync(DOCS).filter((name) => name.endsWith(ending));
const pages = [
  ...namesOf('.md').map((name) => path.join(DOCS, name)),
  path.join(ROOT, 'README.md'),
  path.join(ROOT, 'README.ko.md'),
]
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

describe.each(namesOf('.svg'))('docs/%s', (name) => {
  const svg = readFileSync(path.join(DOCS, name), 'utf8');

  it('is small, and refers to nothing outside', () => {
    expect(svg.length).toBeLessThan(MAX_BYTES);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /<script|<image|<foreignObject|@import|href=|\son\w+=|url\((?!#)|data:|https?:\/\/(?!localhost)/,
    );
  });

  it('does not move for readers who prefer reduced motion', () => {
    const [always = ''] = svg.split('@media (prefers-reduced-motion:no-preference)');
    expect(always).not.toMatch(/animation|transition/);
    expect(svg).not.toMatch(/<animate|<set\b/);
  });

  it('is shown or linked by a page', () => {
    expect(pages).toMatch(new RegExp(`\\((?:docs/)?${name.replaceAll('.', '\\.')}\\)`));
  });
});
