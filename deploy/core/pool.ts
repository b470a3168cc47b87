/** The pool of slots: what they are called, and on which ports. Pure. */
import type { SlotName } from './slot';

/** In the order in which they are filled. Letters alone: names stand in those of the tables' folders. */
export const SLOT_NAMES = ['blue', 'green', 'amber', 'violet', 'coral', 'teal', 'pink', 'lime'] as const;
export const FIRST_PORT = 8080;

/** The slots that have a command of their own, which deploys to them. */
const WITH_COMMAND: readonly SlotName[] = ['blue', 'green'];

/** What deploys beside a slot that serves: `Deploy to green: npm run -s deploy:green`. */
export function deployBeside(slot: SlotName): string {
  const other = WITH_COMMAND.find((name) => name !== slot);
  return `Deploy to ${other}: npm run -s deploy:${other}`;
}

/** What deploys a commit to a slot, or to whichever is chosen where it has no command of its own. */
export function deployTo(slot: SlotName, ref: string): string {
  return `npm run -s ${WITH_COMMAND.includes(slot) ? `deploy:${slot}` : 'deploy'} -- ${ref}`;
}

/** `slots: 4` as ports by name, from the first one upward; null for a number that is none of a pool. */
export function poolOf(count: number, first = FIRST_PORT): Record<SlotName, number> | null {
  if (!Number.isInteger(count) || count < 2 || count > SLOT_NAMES.length) return null;
  return Object.fromEntries(SLOT_NAMES.slice(0, count).map((name, index) => [name, first + index]));
}

/** A pool in the words of the variable SLOTS: `4`, or `blue:8080,green:8081,amber:9000` where ports do not follow. */
export function poolText(slots: Record<SlotName, number>): string {
  const { blue = FIRST_PORT, green, ...others } = slots;
  const followed = poolOf(2 + Object.keys(others).length, blue) ?? {};
  // the first two have variables of their own
  if (Object.entries(others).every(([name, port]) => followed[name] === port))
    return String(Object.keys(followed).length);
  return Object.entries({ blue, green, ...others })
    .map(([name, port]) => `${name}:${port}`)
    .join(',');
}

/** Reads it back: a number, ports by name, or the text itself where it is neither. */
export function poolFrom(text: string): number | Record<SlotName, number> | string {
  if (/^\d+$/.test(text)) return Number(text);
  const pairs = text.split(',').map((pair) => /^([a-z]+):(\d+)$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return text;
  return Object.fromEntries(pairs.map(([, name, port]) => [name as string, Number(port)]));
}
