/** Removes the credentials from git URLs. Has no imports, because quick commands load it. */

/** A URL in its parts: `https://`, `user:password`, `host/path`. */
export interface UrlParts {
  scheme: string;
  credentials: string;
  rest: string;
}

const NAMED_HOST = /^(\[[0-9a-f:.]+\]|localhost|[\w-]+(\.[\w-]+)+)(:\d+)?$/i;

/**
 * The parts of a URL with credentials; null for any other source. Pasted credentials may contain unescaped `/` and `@`,
 * so the `@` before a host with a dot takes precedence.
 */
export function urlParts(source: string): UrlParts | null {
  const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(source)?.[0];
  if (scheme === undefined) return null;
  const whole = source.slice(scheme.length);
  const authority = hostOf(whole);
  if (!whole.includes('@') || NAMED_HOST.test(authority)) return null;
  const within = authority.lastIndexOf('@');
  const last = whole.lastIndexOf('@');
  const isNamed = (at: number): boolean => at !== -1 && NAMED_HOST.test(hostOf(whole.slice(at + 1)));
  const at = [within, last].find(isNamed) ?? (within === -1 ? last : within);
  return { scheme, credentials: whole.slice(0, at), rest: whole.slice(at + 1) };
}

function hostOf(rest: string): string {
  return rest.split(/[/?#]/, 1)[0] ?? '';
}

/** The source URL in a form that is safe to show. */
export function withoutPassword(source: string): string {
  const parts = urlParts(source);
  return parts === null ? source : `${parts.scheme}***@${parts.rest}`;
}

/** The source URL for git in a terminal, where git prompts for the credentials. */
export function withoutCredentials(source: string): string {
  const parts = urlParts(source);
  if (parts === null) return source;
  // ssh needs the user, and accepts no password in the URL
  const user = /^\s*ssh/i.test(parts.scheme) ? `${parts.credentials.split(':', 1)[0]}@` : '';
  return `${parts.scheme}${user}${parts.rest}`;
}
