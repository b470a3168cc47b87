/** Types for the functions of semver that we call; the package comes with PM2, but without its types. */
declare module 'semver' {
  export function valid(version: string): string | null;
  export function validRange(range: string): string | null;
  export function satisfies(version: string, range: string): boolean;
}
