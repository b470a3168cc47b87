/** What the doctor finds at a link of the chain, and the few words it is made with. */

import type { KnownError } from '../core/errors';
import { asRoot } from '../os/as-root';

export { word } from '../core/shell-word';

export type Status = 'ok' | 'warning' | 'fault' | 'skipped';

/** What a check has to say. */
export interface Judgement {
  status: Status;
  /** One sentence, or of what is well a few facts. */
  message: string;
  /** One thing to do: a command that can be typed as it stands, or a sentence. Null where there is nothing to do. */
  fix: string | null;
}

export interface Finding extends Judgement {
  /** The link of the chain: `nginx`, `disk`. */
  link: string;
}

/** A check cannot look, because of what another link says already: that is no fault of its own. */
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

/** What a command failed with: of its hint the command alone, where there is one, so that it can be typed as it stands. */
export function faultOf({ message, hint }: KnownError): Judgement {
  const [, command] =
    /: ((?:[A-Z_]+=\S+ )*(?:npm|git|sudo|chmod|chown|mv|openssl|quota) .*)$/.exec(hint) ?? [];
  return fault(message, command?.startsWith('sudo ') ? asRoot(command.slice(5)) : (command ?? hint));
}

export function skipped(why: string): Judgement {
  return { status: 'skipped', message: `not looked at: ${why}`, fix: null };
}

/** The complaints, or where there are none, that all is well. */
export function orOk(complaints: Judgement[], message: string): Judgement[] {
  return complaints.length > 0 ? complaints : [ok(message)];
}
