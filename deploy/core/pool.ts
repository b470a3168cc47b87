/** Names and ports of the slot pool. Pure. */
import { KnownError } from './errors';
import type { SlotName } from './slot';

/** In fill order. Names contain letters only, because they are part of the tables' folder names. */
export const SLOT_NAMES = ['blue', 'green', 'amber', 'violet', 'coral', 'teal', 'pink', 'lime'] as const;
export const FIRST_PORT = 8080;

/** The slots with a deploy command of their own. */
const WITH_COMMAND: readonly SlotName[] = ['blue', 'green'];

/** E_SLOT_ACTIVE, with the command that deploys to another slot: the active slot is never stopped. */
export function slotIsActive(slot: SlotName): KnownError {
  const other = WITH_COMMAND.find((name) => name !== slot);
  return new KnownError(
    'E_SLOT_ACTIVE',
    `${slot} is the active slot; a release is only started in an idle slot.`,
    `Deploy to ${other}: ./switchyard deploy:${other}`,
  );
}

/**
 * The command that deploys a commit to a slot. If the slot has no command of its own, the strategy chooses the slot.
 */
export function deployTo(slot: SlotName, ref: string): string {
  return `./switchyard ${WITH_COMMAND.includes(slot) ? `deploy:${slot}` : 'deploy'} ${ref}`;
}

/** Expands `slots: 4` to ports by name, counting up from the first; null if the count is not a valid pool size. */
export function poolOf(count: number, first = FIRST_PORT): Record<SlotName, number> | null {
  if (!Number.isInteger(count) || count < 2 || count > SLOT_NAMES.length) return null;
  return Object.fromEntries(SLOT_NAMES.slice(0, count).map((name, index) => [name, first + index]));
}

/**
 * A pool as the value of the variable SLOTS: `4`, or `blue:8080,green:8081,amber:9000` when ports are not consecutive.
 */
export function poolText(slots: Record<SlotName, number>): string {
  const { blue = FIRST_PORT, green, ...others } = slots;
  const followed = poolOf(2 + Object.keys(others).length, blue) ?? {};
  // the first two slots have their own variables
  if (Object.entries(others).every(([name, port]) => followed[name] === port))
    return String(Object.keys(followed).length);
  return Object.entries({ blue, green, ...others })
    .map(([name, port]) => `${name}:${port}`)
    .join(',');
}

/** Parses SLOTS: a number, ports by name, or the unchanged text when it is neither. */
export function poolFrom(text: string): number | Record<SlotName, number> | string {
  if (/^\d+$/.test(text)) return Number(text);
  const pairs = text.split(',').map((pair) => /^([a-z]+):(\d+)$/.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return text;
  return Object.fromEntries(pairs.map(([, name, port]) => [name as string, Number(port)]));
}
