/**
 * What a command is expected to come to. Where it does not, the failure begins with the line that says why: a log that
 * is cut after some lines would otherwise show a diff, and the steps that went well.
 */
import type { CommandResult } from './live-clone';

/** A deployment that is to go live, of a push or of a command. Returns what it was given. */
export function expectLive<T extends CommandResult>(said: T): T {
  if (said.code !== 0 || !verdictOf(said.text).startsWith('✓ LIVE in ')) throw unexpected(said, expectLive);
  return said;
}

/** A command that is to go well. Returns what it was given. */
export function expectDone<T extends CommandResult>(said: T): T {
  if (said.code !== 0) throw unexpected(said, expectDone);
  return said;
}

/** The last line, in a push's terminal the hook's last one. */
export function verdictOf(text: string): string {
  return linesOf(text).at(-1) ?? '';
}

/** @param asked whose caller is shown as the place of the failure */
function unexpected({ code, text }: CommandResult, asked: (said: CommandResult) => CommandResult): Error {
  const why = [...failureLines(text), '', `exit code ${code}, and all that it said:`, text];
  const error = new Error(why.join('\n'));
  Error.captureStackTrace(error, asked);
  return error;
}

/** The lines that tell of a failure, the last one first; the very last line where none does. */
function failureLines(text: string): string[] {
  const lines = linesOf(text).reverse();
  const verdicts = lines.filter((line) => line.startsWith('✗ '));
  const more = lines.filter((line) => line.startsWith('! ') || / \[E_\w+\]$/.test(line));
  return verdicts.length + more.length > 0 ? [...new Set([...verdicts, ...more])] : lines.slice(0, 1);
}

/** Without blank ones, and without the marks that git adds to what a hook says. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const ofHook = lines.filter((line) => line.startsWith('remote: '));
  return (ofHook.length > 0 ? ofHook.map((line) => line.slice('remote: '.length)) : lines)
    .map((line) => line.trim())
    .filter(Boolean);
}
