/** How many slots a rolling deployment replaces at a time. Pure. */

/** @param batch a number, or a share of all slots such as `25%`, rounded down. At least one. */
export function batchSize(batch: number | string, slots: number): number {
  const wanted = typeof batch === 'number' ? batch : Math.floor((slots * parseFloat(batch)) / 100);
  return Math.max(1, Math.min(wanted, slots));
}
