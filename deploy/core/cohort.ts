/**
 * Computes the bucket that nginx assigns to a cohort, so that a probe can reach a chosen slot through nginx. Pure.
 *
 * split_clients hashes the text with MurmurHash2 and divides the range into parts of one per cent
 * (nginx/site.conf.template).
 */
import { slotsOfBuckets } from './traffic-table';
import type { SlotName } from './slot';
import { BUCKETS, type Table } from './traffic-table';

const MULTIPLIER = 0x5bd1e995;
/** nginx rounds down. */
const ONE_PER_CENT = Math.floor(0xffffffff / BUCKETS);
const DIGITS = 32;

/** @param cohort 32 hexadecimal digits, as in the cookie */
export function bucketOf(cohort: string): number {
  return Math.min(Math.floor(murmur2(cohort) / ONE_PER_CENT), BUCKETS - 1);
}

/** A cohort that this table assigns to the slot; null if the slot has no buckets. Deterministic. */
export function cohortOf(table: Table, slot: SlotName): string | null {
  const buckets = slotsOfBuckets(table);
  if (!buckets.includes(slot)) return null;
  for (let number = 0; ; number += 1) {
    const cohort = number.toString(16).padStart(DIGITS, '0');
    if (buckets[bucketOf(cohort)] === slot) return cohort;
  }
}

/** For ASCII text whose length is a multiple of four. */
function murmur2(text: string): number {
  let hash = text.length;
  for (let at = 0; at + 4 <= text.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((index) => text.charCodeAt(at + index));
    let part = Math.imul(a | (b << 8) | (c << 16) | (d << 24), MULTIPLIER);
    part = Math.imul(part ^ (part >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ part;
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) >>> 0;
}
