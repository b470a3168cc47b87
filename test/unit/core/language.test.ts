import { languageOf } from '../../../deploy/core/language';

test.each([
  [{ LANG: 'ko_KR.UTF-8' }, 'ko'],
  [{ LANG: 'ko_KR.utf8' }, 'ko'],
  [{ LANG: 'ko' }, 'ko'],
  [{ LANG: 'ko_KR' }, 'ko'],
  [{ LANG: 'ko_KR.UTF-8@dict' }, 'ko'],
  [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'ko_KR.UTF-8' }, 'ko'],
  [{ LANG: 'ko_KR.UTF-8', LC_MESSAGES: 'C' }, 'en'],
  [{ LANG: 'ko_KR.UTF-8', LC_MESSAGES: 'ko_KR.UTF-8', LC_ALL: 'C.UTF-8' }, 'en'],
  [{ LANG: 'ko_KR.UTF-8', LC_ALL: '' }, 'ko'],
  [{ LANG: 'ko_KR.EUC-KR' }, 'en'],
  [{ LANG: 'kok_IN.UTF-8' }, 'en'],
  [{ LANG: 'ja_JP.UTF-8' }, 'en'],
  [{ LC_CTYPE: 'ko_KR.UTF-8' }, 'en'],
  [{}, 'en'],
])('the locale %j asks for %s', (env, language) => expect(languageOf(env)).toBe(language));
