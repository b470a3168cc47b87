/** Every failure a client or an operator can meet, and the one shape in which a client sees it. */
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { ZodError } from 'zod';

/** What a request may be refused for. The code is stable: clients compare it, people read the message. */
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

/** One field that was refused, and why. */
interface FieldProblem {
  field: string;
  message: string;
}

interface ErrorBody {
  error: { code: ErrorCode; message: string; fields?: FieldProblem[] };
}

/** A refusal on purpose: thrown anywhere in a request, answered as {@link ErrorBody}. */
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

/** The process cannot start, for a reason that a person can mend: it prints as one sentence. */
export class StartupError extends Error {}

/** @returns `invalid` with one entry for each field that zod refused. */
export function invalid(error: ZodError): ApiError {
  const fields = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: key, message: 'is not known here' }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
  const told = fields.map(({ field, message }) => `${field} ${message}`.trim());
  return new ApiError('invalid', told.join('; '), fields);
}

/** Ends the routes of an app: whatever is still unanswered here does not exist. */
export const notFound: RequestHandler = (req) => {
  throw new ApiError('not_found', `There is nothing at ${req.path}.`);
};

/**
 * Ends the methods of a route: any other is 405, or for OPTIONS the list itself.
 * @param allow as in the Allow header, "GET, HEAD".
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

/** Ends the app: every error of every route comes here, ours and those of Express and its parsers. */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const known = asApiError(error);
  if (known.code === 'internal') console.error(error);
  if (res.headersSent) return next(error);
  // Busy or stopping passes; a client that is told when to come back does so by itself.
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
  // A path with a broken %-escape, a body shorter than announced: the client's fault, whatever it is called.
  if (status && status >= 400 && status < 500)
    return new ApiError('bad_request', 'The request is malformed.');
  // The details go to the log. A client could do nothing with them but learn about the inside.
  return new ApiError('internal', 'Something went wrong on our side.');
}

/** @returns one sentence for a failure at start; a stack only where we do not know better. */
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
