/** Every error that a client or an operator can get, and its format for clients. */
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { ZodError } from 'zod';

/** The error codes and their status. Codes are stable, for clients to compare; messages are for people. */
const STATUS = {
  bad_json: 400,
  bad_request: 400,
  invalid: 400,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  unsupported_media_type: 415,
  internal: 500,
  unavailable: 503,
} as const;

type ErrorCode = keyof typeof STATUS;

/** One invalid field, and why. */
interface FieldProblem {
  field: string;
  message: string;
}

interface ErrorBody {
  error: { code: ErrorCode; message: string; fields?: FieldProblem[] };
}

/** An expected error. If it is thrown anywhere in a request, the client gets an {@link ErrorBody}. */
export class ApiError extends Error {
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly fields?: FieldProblem[],
  ) {
    super(message);
    this.status = STATUS[code];
  }

  toJSON(): ErrorBody {
    const { code, message, fields } = this;
    return { error: { code, message, ...(fields && { fields }) } };
  }
}

/** The process cannot start, for a reason that an operator can fix. It prints as one sentence. */
export class StartupError extends Error {}

/** @returns `invalid` with one entry for each field that zod rejected. */
export function invalid(error: ZodError): ApiError {
  const fields = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: key, message: 'is not known here' }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
  const problems = fields.map(({ field, message }) => `${field} ${message}`.trim());
  return new ApiError('invalid', problems.join('; '), fields);
}

/** The last route of the app, for requests that match no other route. */
export const notFound: RequestHandler = (req) => {
  throw new ApiError('not_found', `There is nothing at ${req.path}.`);
};

/**
 * The last handler of a route: answers OPTIONS with the allowed methods, and any other method with 405.
 * @param allow the Allow header, such as "GET, HEAD".
 */
export function methods(allow: string): RequestHandler {
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method !== 'OPTIONS') {
      throw new ApiError('method_not_allowed', `${req.method} is not possible here; ${allow} is.`);
    }
    res.status(204).end();
  };
}

/** The last handler of the app. It gets every error of the app, of Express and of its parsers. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const known = asApiError(error);
  if (known.code === 'internal') console.error(error);
  if (res.headersSent) return next(error);
  // Both causes, busy and stopping, are temporary, so the client should retry.
  if (known.code === 'unavailable') res.set('Retry-After', '1');
  if (known.code === 'unsupported_media_type') res.set('Accept', 'application/json');
  res.status(known.status).json(known);
};

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  if (type === 'entity.parse.failed') return new ApiError('bad_json', 'The body is not a JSON object.');
  if (status === 413) return new ApiError('too_large', 'The body is too large.');
  if (status === 415)
    return new ApiError('unsupported_media_type', 'The encoding of the body is not supported.');
  // Any other fault of the client, such as a broken %-escape or a body that is shorter than announced.
  if (status && status >= 400 && status < 500)
    return new ApiError('bad_request', 'The request is malformed.');
  // The details go to the log. They would only reveal internals to a client.
  return new ApiError('internal', 'Something went wrong on our side.');
}

/** @returns one sentence for an error at start, or the stack of an unknown one. */
export function sentenceFor(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const place = `${address}:${port}`;
  if (code === 'EADDRINUSE')
    return `Cannot listen on ${place}: another process uses that port; set PORT to a free one.`;
  if (code === 'EACCES' && port)
    return `Cannot listen on ${place}: this user may not; set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL')
    return `Cannot listen on ${place}: this machine has no such address; set HOST.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
