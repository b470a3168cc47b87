/** Parses sizes of the configuration and formats bytes for display. */

const FACTORS: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `500m` -> bytes. */
export function bytesOf(size: string): number {
  return Number(size.slice(0, -1)) * (FACTORS[size.slice(-1)] ?? 1);
}

/** `64 MB`, `1.2 GB`. */
export function megabytes(bytes: number): string {
  const whole = bytes / 1024 ** 2;
  return whole < 1000 ? `${Math.ceil(whole)} MB` : `${(whole / 1024).toFixed(1)} GB`;
}
