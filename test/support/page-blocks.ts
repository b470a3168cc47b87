/** The code blocks of the project's pages, which tests run as a reader would. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');

export interface PageBlock {
  page: string;
  /** The heading above it; empty before the first one. */
  heading: string;
  language: string;
  code: string;
}

/** The fenced blocks of a page, in order; a block in a list loses its indentation. */
export function blocksOf(page: string): PageBlock[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  let heading = '';
  const blocks: PageBlock[] = [];
  for (const match of text.matchAll(/^#+ (.+)$|^( *)```(\w*)\n([^]*?)^ *```$/gm)) {
    const [, title, indent = '', language = '', code = ''] = match;
    if (title !== undefined) heading = title;
    else blocks.push({ page, heading, language, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
  }
  return blocks;
}

/** The commands that a block shows: all of a shell script, and the lines after `$ ` of a terminal's text. */
export function commandsOf({ language, code }: PageBlock): string {
  if (language === 'sh') return code;
  const typed = [...code.matchAll(/^\$ (.+)\n/gm)].map(([, line]) => `${line}\n`);
  return typed.join('');
}
