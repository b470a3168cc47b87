/** What a hook that `npm start` has written sets a variable to, `NODE` or `SWITCHYARD_ROOT`; null when it does not. */
export function hookValue(script: string, variable: string): string | null {
  const quotedValue = new RegExp(`^(?:export )?${variable}='(.*)'$`, 'm').exec(script)?.[1];
  return quotedValue?.replaceAll(`'\\''`, `'`) ?? null;
}
