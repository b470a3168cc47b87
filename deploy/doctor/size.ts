/** Formats bytes for display. */

/** `64 MB`, `1.2 GB`. */
export function megabytes(bytes: number): string {
  const whole = bytes / 1024 ** 2;
  return whole < 1000 ? `${Math.ceil(whole)} MB` : `${(whole / 1024).toFixed(1)} GB`;
}
