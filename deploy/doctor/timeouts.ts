/** How long doctor waits: a machine that is busy is not broken, and a person who asks wants an answer. */

/** For one question's answer, in milliseconds. */
export const ASK_MS = 5000;
/** Without any check finishing. */
export const LIMIT_MS = 10_000;
