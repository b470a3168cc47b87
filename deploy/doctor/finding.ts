/** The result of a check, and the functions that create one. */

import type { KnownError } from '../core/errors';
import { asRoot } from '../os/as-root';

export { shellWord } from '../core/shell-word';

export type Status = 'ok' | 'warning' | 'fault' | 'skipped';

/** One result of a check. */
export interface Judgement {
  status: Status;
  /** One sentence; for `ok`, a few facts. */
  message: string;
  /** One action: a command to run unchanged, or a sentence. Null if there is nothing to do. */
  fix: string | null;
}

export interface Finding extends Judgement {
  /** The name of the check: `nginx`, `disk`. */
  link: string;
}

/** Thrown when a check cannot run: another check reports the cause, or a deployment is running. Counts as skipped. */
export class NotChecked extends Error {}

export function ok(message: string): Judgement {
  return { status: 'ok', message, fix: null };
}

export function warning(message: string, fix: string | null = null): Judgement {
  return { status: 'warning', message, fix };
}

export function fault(message: string, fix: string): Judgement {
  return { status: 'fault', message, fix };
}

/** Turns a known error into a fault. When its hint contains a command, the fix is that command alone, ready to run. */
export function faultOf({ message, hint }: KnownError): Judgement {
  const [, command] =
    /: ((?:[A-Z_]+=\S+ )*(?:npm|git|sudo|chmod|chown|mv|openssl|quota) .*)$/.exec(hint) ?? [];
  return fault(message, command?.startsWith('sudo ') ? asRoot(command.slice(5)) : (command ?? hint));
}

export function skipped(why: string): Judgement {
  return { status: 'skipped', message: `not checked: ${why}`, fix: null };
}

/** The complaints or, without any, one `ok`. */
export function orOk(complaints: Judgement[], message: string): Judgement[] {
  return complaints.length > 0 ? complaints : [ok(message)];
}
