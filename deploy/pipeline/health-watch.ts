/** Watches the health of a release that has passed verify: while it is held, and while it bakes. */
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import type { Proof } from '../core/types';
import { probe } from '../traffic/probe';
import type { Yard } from '../yard';
import { slotNamed } from '../yard';
import { builtHealthPath } from './health-path';
import { mustStillRun, readLog } from './verify';

const PROBE_EVERY_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
/** A single slow answer is no illness. */
const BAD_ANSWERS = 3;

/**
 * To be called again and again; it asks twice a second. Throws E_EXITED when the very process is gone, and `code`
 * when it answers badly several times in a row.
 */
export function healthWatch(yard: Yard, proof: Proof, code: ErrorCode): () => Promise<void> {
  const path = builtHealthPath(yard, proof.commit);
  const { port } = slotNamed(yard, proof.slot);
  let bad = 0;
  let next = 0;
  return async () => {
    await mustStillRun(yard, proof);
    if (Date.now() < next) return;
    next = Date.now() + PROBE_EVERY_MS;
    const answer = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
    bad = answer.status === 200 && answer.instance === proof.instance ? 0 : bad + 1;
    if (bad < BAD_ANSWERS) return;
    const message = `${path} in ${proof.slot} answered ${answer.said}.`;
    throw new KnownError(code, message, readLog(proof.slot));
  };
}
