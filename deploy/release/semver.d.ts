/** The functions of semver that we call; PM2 brings the package, but not its types. */
declare module 'semver' {
  export function valid(version: string): string | null;
  export function validRange(range: string): string | null;
  export function satisfies(version: string, range: string): boolean;
}
