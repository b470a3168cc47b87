import { shellUnquote } from './shell-word';

/** The value that a hook written by `npm start` assigns to `NODE` or `SWITCHYARD_ROOT`; null if it assigns none. */
export function hookValue(script: string, variable: string): string | null {
  const value = new RegExp(`^(?:export )?${variable}=('.*')$`, 'm').exec(script)?.[1];
  return value === undefined ? null : shellUnquote(value);
}
