/** A webhook that is refused: an error with the HTTP status of the response. */
import type { ErrorCode } from '../../core/errors';
import { KnownError } from '../../core/errors';
import type { Sender } from './sender';

/** The message never quotes the request, because it is kept for `doctor` and `history`. */
export class Refusal extends KnownError {
  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
    hint?: string,
  ) {
    super(code, message, hint);
  }
}

export function unproven({ by }: Pick<Sender, 'by'>): Refusal {
  const what = by === 'token' ? 'secret token' : 'signature';
  return new Refusal(401, 'E_SIGNATURE', `The ${what} is missing or wrong.`);
}
