/** What the doctor finds at a link of the chain, and the few words it is made with. */

export { word } from '../core/shell-word';

export type Status = 'ok' | 'warning' | 'fault' | 'skipped';

/** What a check has to say. */
export interface Judgement {
  status: Status;
  /** One sentence, or of what is well a few facts. */
  said: string;
  /** One thing to do: a command that can be typed as it stands, or a sentence. Null where there is nothing to do. */
  mend: string | null;
}

export interface Finding extends Judgement {
  /** The link of the chain: `nginx`, `disk`. */
  link: string;
}

/** A check cannot look, because of what another link says already: that is no fault of its own. */
export class NotLookedAt extends Error {}

export function ok(said: string): Judgement {
  return { status: 'ok', said, mend: null };
}

export function warning(said: string, mend: string | null = null): Judgement {
  return { status: 'warning', said, mend };
}

export function fault(said: string, mend: string): Judgement {
  return { status: 'fault', said, mend };
}

export function skipped(why: string): Judgement {
  return { status: 'skipped', said: `not looked at: ${why}`, mend: null };
}

/** The complaints, or where there are none, that all is well. */
export function orOk(complaints: Judgement[], said: string): Judgement[] {
  return complaints.length > 0 ? complaints : [ok(said)];
}
