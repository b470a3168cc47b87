/**
 * Checks the result of a command. The failure message starts with the line that names the cause, because a truncated
 * log would otherwise show only a diff and the successful steps.
 */
import type { CommandResult } from './live-clone';

const VERDICT = /^([✓✗] (LIVE|NOT LIVE|HELD|ABORTED)|! (HELD|PAUSED|ABORTED)|- (Still|superseded|Nothing))/;

/** Expects the push or command to have gone live. Returns its argument. */
export function expectLive<T extends CommandResult>(result: T): T {
  if (result.code !== 0 || !verdictOf(result.text).startsWith('✓ LIVE in '))
    throw unexpected(result, expectLive);
  return result;
}

/** Expects the command to have succeeded. Returns its argument. */
export function expectDone<T extends CommandResult>(result: T): T {
  if (result.code !== 0) throw unexpected(result, expectDone);
  return result;
}

/** The last verdict of the output, or without any its last line; for a push, of the hook's output. */
export function verdictOf(text: string): string {
  const lines = linesOf(text);
  return lines.findLast((line) => VERDICT.test(line)) ?? lines.at(-1) ?? '';
}

/** @param assertion the function whose caller appears as the failure's location */
function unexpected(
  { code, text }: CommandResult,
  assertion: (result: CommandResult) => CommandResult,
): Error {
  const why = [...failureLines(text), '', `exit code ${code}, and the whole output:`, text];
  const error = new Error(why.join('\n'));
  Error.captureStackTrace(error, assertion);
  return error;
}

/** The lines that report a failure, last one first; without any, the very last line. */
function failureLines(text: string): string[] {
  const lines = linesOf(text).reverse();
  const verdicts = lines.filter((line) => line.startsWith('✗ '));
  const more = lines.filter((line) => line.startsWith('! ') || / \[E_\w+\]$/.test(line));
  return verdicts.length + more.length > 0 ? [...new Set([...verdicts, ...more])] : lines.slice(0, 1);
}

/** The lines without blanks and without git's prefix for hook output. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const ofHook = lines.filter((line) => line.startsWith('remote: '));
  return (ofHook.length > 0 ? ofHook.map((line) => line.slice('remote: '.length)) : lines)
    .map((line) => line.trim())
    .filter(Boolean);
}
