/**
 * The bake: after the full shift both releases run and the new one is watched: its health, its exits, and
 * the share of errors that nginx saw. A bad release throws, and the runner takes everything back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../core/errors';
import type { Proof } from '../core/types';
import type { Counts } from '../core/verdict';
import { errorVerdict } from '../core/verdict';
import { countRequests, logPosition, readRequests } from '../traffic/access-log';
import { probe } from '../traffic/probe';
import type { Yard } from '../yard';
import { slotNamed } from '../yard';
import { builtHealthPath } from './health-path';
import { mustStillRun, readLog } from './verify';

const LOOK_EVERY_MS = 100;
const PROBE_EVERY_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
/** A single slow answer is no illness. */
const BAD_ANSWERS = 3;

/**
 * Watches the slot for so many seconds. Throws E_EXITED or E_BAKE when the release is bad.
 * @param before what the release before answered, to compare with
 * @param ended looked at all the time: true when an operator wants to roll back now
 * @param signal ends the watching early: who was told LIVE is to find the release live at the next start
 */
export async function bake(
  yard: Yard,
  proof: Proof & { seconds: number },
  before: Counts,
  ended: () => boolean,
  signal?: AbortSignal,
): Promise<{ detail: string; ended: boolean }> {
  const deadline = Date.now() + proof.seconds * 1000;
  const errors = errorWatch(yard, proof, before);
  const health = healthWatch(yard, proof);
  while (Date.now() < deadline) {
    if (ended()) return { detail: 'ended by an operator', ended: true };
    if (signal?.aborted) return { detail: 'cut short by npm stop', ended: false };
    await mustStillRun(yard, proof);
    errors();
    await health();
    await sleep(LOOK_EVERY_MS);
  }
  return { detail: `healthy for ${proof.seconds} s`, ended: false };
}

function errorWatch(yard: Yard, proof: Proof, before: Counts): () => void {
  let position = logPosition(yard.home);
  const now: Counts = { requests: 0, errors: 0 };
  return () => {
    const read = readRequests(yard.home, position);
    position = read.position;
    const seen = countRequests(read.requests).slots.find(({ slot }) => slot === proof.slot);
    now.requests += seen?.requests ?? 0;
    now.errors += seen?.errors ?? 0;
    const verdict = errorVerdict(before, now, yard.config.bake);
    if (verdict) throw new KnownError('E_BAKE', `${proof.slot}: ${verdict}.`, readLog(proof.slot));
  };
}

function healthWatch(yard: Yard, proof: Proof): () => Promise<void> {
  const path = builtHealthPath(yard, proof.commit);
  const { port } = slotNamed(yard, proof.slot);
  let bad = 0;
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + PROBE_EVERY_MS;
    const answer = await probe({ port, path, timeoutMs: PROBE_TIMEOUT_MS });
    bad = answer.status === 200 && answer.instance === proof.instance ? 0 : bad + 1;
    if (bad >= BAD_ANSWERS)
      throw new KnownError(
        'E_BAKE',
        `${path} in ${proof.slot} answered ${answer.said}.`,
        readLog(proof.slot),
      );
  };
}
