/** `secret rotate`: replaces the webhook secret while the earlier one stays valid for a while. */
import { moment } from '../core/format';
import { KnownError } from '../core/errors';
import { rotateSecret } from '../home/secret-rotation';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';

const DEFAULT_HOURS = 24;
/** A week. */
const MOST_HOURS = 168;
const HOUR_MS = 3_600_000;

/** Prints the new secret, once. */
export function secretRotateCommand(options: Options & { keep?: string }): number {
  const hours = hoursOf(options.keep);
  const { home } = openCloneContext();
  const validUntil = Date.now() + hours * HOUR_MS;
  const secret = rotateSecret(home, validUntil);
  if (options.json) console.log(JSON.stringify({ secret, earlierValidUntil: validUntil }));
  else console.log(report(secret, hours, validUntil).join('\n'));
  return 0;
}

function report(secret: string, hours: number, validUntil: number): string[] {
  const earlier =
    hours === 0
      ? 'the earlier one is no longer valid'
      : `the earlier one is valid until ${moment(validUntil)}`;
  return [
    `✓ there is a new webhook secret; ${earlier}`,
    secret,
    'Next: enter it in the settings of the webhook, at "Secret". git push live uses it already.',
  ];
}

function hoursOf(text = String(DEFAULT_HOURS)): number {
  const hours = Number(text);
  if (/^\d{1,3}$/.test(text) && hours <= MOST_HOURS) return hours;
  throw new KnownError(
    'E_USAGE',
    `--keep takes whole hours from 0 to ${MOST_HOURS}, not ${text}.`,
    'For two days: ./switchyard secret rotate --keep 48',
  );
}
