/** The languages of the output, and the choice by locale. Pure. */

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

type Environment = Partial<Record<string, string>>;

/**
 * The first variable that is set counts, in POSIX order: LC_ALL, LC_MESSAGES, LANG. English for any language without a
 * catalogue.
 */
export function languageOf({ LC_ALL, LC_MESSAGES, LANG }: Environment): Language {
  const locale = [LC_ALL, LC_MESSAGES, LANG].find((each) => each !== undefined && each !== '') ?? '';
  const [, language, charset = 'UTF-8'] = /^([a-z]+)(?:_[A-Z]+)?(?:\.([^@]+))?/.exec(locale) ?? [];
  // the output is UTF-8, which a terminal in EUC-KR cannot show
  return language === 'ko' && /^utf-?8$/i.test(charset) ? 'ko' : 'en';
}
