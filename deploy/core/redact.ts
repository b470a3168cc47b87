/** Keeps the values of the app's environment out of what is told: an app may print them, and its last words are a cause. */
import type { Variables } from './environment';
import type { Entry } from './event';

export type Redact = (text: string) => string;

const HIDDEN = '***';
/** Shorter ones are words, numbers and ports; to hide them would make a cause unreadable and no secret safer. */
const SHORTEST = 8;
const CUT = /…|\.\.\./;

/** What must not be told of these variables: their values, their lines, and the password in an address. */
export function secretsOf(all: Variables[]): string[] {
  const values = all.flatMap((variables) =>
    Object.entries(variables).flatMap(([name, { value }]) => (name === 'NODE_ENV' ? [] : partsOf(value))),
  );
  const worth = values.filter((text) => text.length >= SHORTEST);
  // the longest first: a part of it would leave the rest readable
  return [...new Set(worth)].sort((a, b) => b.length - a.length);
}

/** A function that hides these. */
export function redactor(secrets: string[]): Redact {
  return (text) =>
    secrets.reduce((left, secret) => withoutCut(left.replaceAll(secret, HIDDEN), secret), text);
}

/** What is told is cut to a length: the beginning of a secret may stand at its end, or before the sign of the cut. */
function withoutCut(text: string, secret: string): string {
  for (
    let at = text.indexOf(secret.slice(0, SHORTEST));
    at !== -1;
    at = text.indexOf(secret.slice(0, SHORTEST), at + 1)
  ) {
    const rest = text.slice(at);
    const cut = CUT.exec(rest)?.index ?? rest.length;
    if (secret.startsWith(rest.slice(0, cut))) return text.slice(0, at) + HIDDEN + rest.slice(cut);
  }
  return text;
}

/** What an entry says in words that may be an app's own. */
export function redactEntry(entry: Entry, redact: Redact): Entry {
  switch (entry.type) {
    case 'phase':
      return entry.detail === undefined ? entry : { ...entry, detail: redact(entry.detail) };
    case 'state':
      return entry.cause === undefined ? entry : { ...entry, cause: redact(entry.cause) };
    case 'note':
    case 'warning':
    case 'incident':
      return { ...entry, message: redact(entry.message) };
    case 'live':
    case 'waiting':
      return entry;
  }
}

/** What is told is one line at a time, and a driver complains of the password alone. */
function partsOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  return [value, ...lines, ...passwordOf(value)];
}

function passwordOf(value: string): string[] {
  const written = /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:([^@/]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
