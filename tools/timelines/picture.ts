/** A strategy over time: columns from left to right, and a lane for each slot and for the users. */
import type { SlotColour } from '../svg/page';

export type Language = 'en' | 'ko';
export type Words = string | Record<Language, string>;

/** Positions count in columns: 1 is the start of the second column, 1.5 its middle. */
interface Span {
  from: number;
  to: number;
  words?: Words;
}

export type Bar = Span &
  (
    | { live: SlotColour }
    /** Live with the new version, if the colour does not show it. */
    | { updated: SlotColour }
    /** Running without users. */
    | { idle: SlotColour }
    | { empty: true }
    | { down: true }
  );

/** Slots that share the users, from top to bottom. */
export type SharedBar = Span & { parts: Part[] };

export interface Part {
  slot: SlotColour;
  /** In per cent. */
  share: number;
  updated?: boolean;
}

export interface Lane {
  name: Words;
  bars: (Bar | SharedBar)[];
}

export interface Column {
  width: number;
  step: Words;
  note: Words;
  /** AWS CodeDeploy's names for it. */
  aws?: Words[];
}

export interface Picture {
  name: string;
  title: Words;
  description: Words;
  key?: Words;
  /** The space for the names of the lanes. */
  left?: number;
  columns: Column[];
  moment?: { at: number; words: Words };
  lanes: Lane[];
  rollback?: { from: number; to: number; words: Words };
}

export const USERS = { en: 'users get', ko: '사용자' };
