/** Time limits of doctor: long enough for a busy machine, short enough for an operator who waits. */

/** For the response to one request, in milliseconds. */
export const ASK_MS = 5000;
/** For any check to finish, in milliseconds. */
export const LIMIT_MS = 10_000;
