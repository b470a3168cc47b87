/** A webhook that is refused: an error with the HTTP status of the response. */
import type { ErrorCode } from '../../core/errors';
import { KnownError } from '../../core/errors';

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

export const unsigned = (): Refusal => new Refusal(401, 'E_SIGNATURE', 'The signature is missing or wrong.');
