/**
 * Makes foreign text harmless for a terminal: what an app, a commit or another program wrote must not set a title, fill
 * the clipboard, move the cursor or reorder characters. Has no imports.
 */

/** Strings up to their terminator or the end of the line: OSC (titles, the clipboard, links), DCS, SOS, PM and APC. */
const STRINGS =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?/g;
/** CSI: colours, and everything that moves, erases or reports. Then any other escape sequence. */
const SEQUENCES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
/** Single control characters except tabs and line feeds, and characters that reorder the text around them. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
/** The control characters that JSON leaves unescaped. */
const UNESCAPED = /[\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** The text without control sequences and controls; tabs and line feeds stay. */
export function terminalText(text: string): string {
  return text.replace(STRINGS, '').replace(SEQUENCES, '').replace(CONTROLS, '');
}

/** The value as JSON with control characters escaped: safe to print, and it parses to the same value. */
export function jsonText(value: unknown): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, 2).replace(UNESCAPED, escaped);
}
