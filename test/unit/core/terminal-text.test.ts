import { KnownError } from '../../../deploy/core/errors';
import { failureLine } from '../../../deploy/core/failure-line';
import { jsonText, terminalText } from '../../../deploy/core/terminal-text';

const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/u;

const HOSTILE: [string, string, string][] = [
  ['a colour', 'a\u001b[1;31mred\u001b[0mb', 'aredb'],
  ['a cleared screen', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['a title', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a title that ends with ST', 'a\u001b]2;owned\u001b\\b', 'ab'],
  ['a title without an end', 'a\u001b]0;owned', 'a'],
  ['the clipboard', 'a\u001b]52;c;cm0gLXJmIC8=\u0007b', 'ab'],
  ['a link', 'a\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007b', 'alinkb'],
  ['a device control string', 'a\u001bP$q"p\u001b\\b', 'ab'],
  ['an 8-bit CSI', 'a\u009b2Jb', 'ab'],
  ['an 8-bit OSC', 'a\u009d0;owned\u009cb', 'ab'],
  ['a reset', 'a\u001bcb', 'ab'],
  ['a character set', 'a\u001b(0b', 'ab'],
  ['a sequence that is cut off', 'a\u001b[31', 'a'],
  ['text that is overwritten', 'evil\rgood', 'evilgood'],
  ['backspaces', 'evil\u0008\u0008\u0008\u0008good', 'evilgood'],
  ['reordered text', 'a\u202e\u2066b\u200f\u061cc', 'abc'],
];

it.each(HOSTILE)('terminalText removes %s', (_, text, plain) => expect(terminalText(text)).toBe(plain));

it('terminalText keeps tabs, line feeds and all other characters, and is quick', () => {
  const text = 'one\ttwo\n  한국어 ü 🚀 [31m ]0;x';
  expect(terminalText(text)).toBe(text);
  const begun = performance.now();
  terminalText('\u001b]'.repeat(200_000) + '\u001b['.repeat(200_000));
  expect(performance.now() - begun).toBeLessThan(2000);
});

it('a title does not swallow the lines below it', () => {
  expect(terminalText('a\u001b]0;owned\nb')).toBe('a\nb');
});

it.each(HOSTILE)('neither a cause, a failure line nor JSON passes on %s', (_, text) => {
  expect(new KnownError('E_BUILD', text).message).not.toMatch(DANGEROUS);
  expect(failureLine([text])).not.toMatch(DANGEROUS);
  expect(jsonText({ text })).not.toMatch(DANGEROUS);
  expect(JSON.parse(jsonText({ text }))).toEqual({ text });
});
