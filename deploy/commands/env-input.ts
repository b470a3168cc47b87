/** Reads the variables of `env set` from arguments, standard input or a file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse } from 'dotenv';
import { checkName } from '../core/environment';
import { KnownError } from '../core/errors';

const HOW = './switchyard env set NAME=value, or NAME and the value on standard input';

/** Throws E_ENV, E_USAGE. @param words NAME=value, or one NAME whose value is read from standard input */
export async function readVariables(
  words: string[],
  file: string | undefined,
): Promise<Record<string, string>> {
  if (words.length === 0 && file === undefined)
    throw new KnownError('E_USAGE', 'Name a variable to set.', HOW);
  const given = file === undefined ? {} : readEnvFile(file);
  const unvalued = words.filter((word) => !word.includes('='));
  // reports a wrong name before the user types a secret
  for (const word of words) checkName(nameOf(word));
  if (unvalued.length > 1) {
    throw new KnownError('E_USAGE', `Standard input has one value, not ${unvalued.length}.`, HOW);
  }
  for (const word of words) given[nameOf(word)] = await valueOf(word);
  return given;
}

/** Parses with dotenv, the package that such files are written for. */
function readEnvFile(file: string): Record<string, string> {
  // npm runs scripts in the package's folder; INIT_CWD is the folder that npm was called in
  const found = path.resolve(process.env.INIT_CWD ?? process.cwd(), file);
  let content: string;
  try {
    content = readFileSync(found, 'utf8');
  } catch {
    throw new KnownError('E_USAGE', `${found} cannot be read.`, 'Name a file of lines such as NAME=value.');
  }
  const given = parse(content);
  if (Object.keys(given).length > 0) return given;
  throw new KnownError('E_USAGE', `${found} sets nothing.`, 'Name a file of lines such as NAME=value.');
}

function nameOf(word: string): string {
  return word.split('=', 1)[0] as string;
}

async function valueOf(word: string): Promise<string> {
  const at = word.indexOf('=');
  if (at !== -1) return word.slice(at + 1);
  if (process.stdin.isTTY) return typed(word);
  // the final line break is not part of the value
  const value = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (value !== '') return value;
  throw new KnownError(
    'E_ENV',
    'Standard input is empty.',
    `For an empty value: ./switchyard env set ${word}=`,
  );
}

/** Prompts for the value without echoing it. */
function typed(name: string): Promise<string> {
  process.stderr.write(`${name} (not shown): `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve) => {
    lines.once('SIGINT', () => process.exit(130));
    lines.question('', (value) => {
      lines.close();
      process.stderr.write('\n');
      resolve(value);
    });
  });
}
