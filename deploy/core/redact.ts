/**
 * Removes the values of the app's environment from output: an app may print them, and its last line becomes the cause
 * of a failure.
 */
import type { Variables } from './environment';
import type { Entry } from './event';

export type Redact = (text: string) => string;

const HIDDEN = '***';
/**
 * Shorter values are words, numbers and ports; hiding them would make causes unreadable without protecting a secret.
 */
const SHORTEST = 8;
const CUT = /…|\.\.\./;

/** The texts to hide: each value, each of its lines, and the password in a URL. */
export function secretsOf(all: Variables[]): string[] {
  const values = all.flatMap((variables) =>
    Object.entries(variables).flatMap(([name, { value }]) => (name === 'NODE_ENV' ? [] : partsOf(value))),
  );
  const worth = values.filter((text) => text.length >= SHORTEST);
  // longest first: hiding a substring first would leave the rest readable
  return [...new Set(worth)].sort((a, b) => b.length - a.length);
}

/** Returns a function that hides these texts. */
export function redactor(secrets: string[]): Redact {
  return (text) =>
    secrets.reduce((left, secret) => withoutCut(left.replaceAll(secret, HIDDEN), secret), text);
}

/** Messages are truncated, so the start of a secret may remain at the end or before the ellipsis. */
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

/** Redacts the fields of an entry that may contain the app's output. */
export function redactEntry(entry: Entry, redact: Redact): Entry {
  switch (entry.type) {
    case 'phase':
      return entry.detail === undefined ? entry : { ...entry, detail: redact(entry.detail) };
    case 'state':
      return entry.cause === undefined ? entry : { ...entry, cause: redact(entry.cause) };
    case 'note':
    case 'warning':
    case 'incident':
    case 'progress':
      return { ...entry, message: redact(entry.message) };
    case 'live':
    case 'waiting':
      return entry;
  }
}

/** Output is reported line by line, and a driver may print the password alone, so each part counts as a secret. */
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
