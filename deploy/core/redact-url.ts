/** What of git's world people get to see. It loads nothing: quick commands need it. */

/** A source as it may be shown. */
export function withoutPassword(source: string): string {
  return source.replace(/:\/\/[^/@\s]*@/, '://***@');
}
