/** Removes passwords from git URLs. Has no imports, because quick commands load it. */

/** The source URL in a form that is safe to show. */
export function withoutPassword(source: string): string {
  return source.replace(/:\/\/[^/@\s]*@/, '://***@');
}
