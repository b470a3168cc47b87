/**
 * Keeps the credentials of a source out of argv, which every user of the machine can read. git gets the URL without
 * them and asks a credential helper, which reads them from the git process's environment.
 */
import { urlParts, withoutCredentials } from '../core/redact-url';

export interface SourceAccess {
  /** Without credentials. */
  url: string;
  env: Record<string, string>;
}

/** Its source is visible in argv, but its values are not. */
const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\n" "$SOURCE_USER" && test -n "${SOURCE_PASSWORD+set}" && printf "password=%s\\n" "$SOURCE_PASSWORD"; }; f';

/** How git reaches the source. */
export function accessTo(source: string): SourceAccess {
  const url = withoutCredentials(source);
  const parts = urlParts(source);
  if (parts === null || !/^\s*https?:/i.test(parts.scheme)) return { url, env: {} };
  const [, user = '', password] = /^([^:]*)(?::([^]*))?$/.exec(parts.credentials) ?? [];
  const [host = ''] = parts.rest.split(/[/?#]/, 1);
  // for this host alone, so that a redirect gets no credentials
  const key = `credential.${parts.scheme.trim().toLowerCase()}${host}.helper`;
  // the empty value leaves out the user's own helpers, which would store the password
  const helpers = password === undefined ? [HELPER] : ['', HELPER];
  const settings = helpers.flatMap((helper, at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, helper],
  ]);
  return {
    url,
    env: {
      GIT_CONFIG_COUNT: String(helpers.length),
      ...(Object.fromEntries(settings) as Record<string, string>),
      SOURCE_USER: decoded(user),
      ...(password !== undefined && { SOURCE_PASSWORD: decoded(password) }),
    },
  };
}

/** Decodes as git does: a percent sign that is not part of a valid escape stays. */
function decoded(text: string): string {
  const escaped = text.replace(/%(?![0-9a-f]{2})/gi, '%25');
  try {
    return decodeURIComponent(escaped);
  } catch {
    return text;
  }
}
