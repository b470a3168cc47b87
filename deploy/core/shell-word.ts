/** Text as one word of a shell command. */

/** In single quotes a shell takes every character literally, except the single quote itself. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The original text of a quoted word. */
export function shellUnquote(quotedText: string): string {
  return quotedText.slice(1, -1).replaceAll(`'\\''`, `'`);
}

/**
 * Lines that set these variables when a shell sources them. Without `command`, bash would exit at its read-only UID.
 */
export function exportLines(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `command export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** Quoted only where it needs to be, for commands that an operator reads. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuote(text);
}
