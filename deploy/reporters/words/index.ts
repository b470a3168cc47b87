/**
 * The sentences of the output in the reader's language. A program that prints chooses the language once, as it starts; the
 * deployer never does. Its journal, logs and notifications are English (docs/decisions/0033).
 */
import { LANGUAGES, languageOf, type Language } from '../../core/language';
import { KnownError } from '../../core/errors';
import { en, type Words } from './en';
import { ko } from './ko';

const CATALOGUES = { en, ko } satisfies Record<Language, Words>;

let current: Words = en;

/** Prints in the language of --lang, or of the locale. Throws E_USAGE. */
export function speak(wanted: string | undefined, env: NodeJS.ProcessEnv = process.env): void {
  current = CATALOGUES[wanted === undefined ? languageOf(env) : languageNamed(wanted)];
}

export function words(): Words {
  return current;
}

function languageNamed(name: string): Language {
  const language = LANGUAGES.find((each) => each === name);
  if (language === undefined)
    throw new KnownError(
      'E_USAGE',
      `There is no output in the language "${name}".`,
      `Name one of: ${LANGUAGES.join(', ')}.`,
    );
  return language;
}
