/** Is a release that went live good? Decided from what nginx counted, by rule. */

export interface Counts {
  requests: number;
  /** 5xx answers and refused connections of the slot itself, not of what stood in for it. */
  errors: number;
}

export interface BakeRule {
  /** The share of errors may exceed that of the release before by this much (0 to 1). */
  maxErrorRatio: number;
  /** Fewer requests are no evidence. */
  minRequests: number;
}

/** Null while all is well, otherwise one clause that names the figures. */
export function errorVerdict(before: Counts, now: Counts, rule: BakeRule): string | null {
  if (now.requests < rule.minRequests) return null;
  const excess = ratio(now) - ratio(before);
  if (excess <= rule.maxErrorRatio) return null;
  return `${now.errors} of ${now.requests} requests failed (${percent(ratio(now))}, before ${percent(ratio(before))})`;
}

function ratio(counts: Counts): number {
  return counts.requests === 0 ? 0 : counts.errors / counts.requests;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
