/**
 * Checks that the next install has every variable that .npmrc refers to: this clone's, the source's newest commit's,
 * the user's.
 */
import { nextNumber, readEnvironment } from '../config/app-environment';
import { NO_VARIABLES, valuesOf } from '../core/environment';
import { fileIn, tipOf } from '../git/mirror-commits';
import { npmrcIn, unsetForInstall } from '../release/inputs';
import { howToSet } from '../release/packages/install-failure';
import type { Judgement } from './finding';
import { orOk, warning } from './finding';
import type { DoctorContext } from './context';

export async function checkInstall(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const { install } = readEnvironment(home, nextNumber(home, context.journal())) ?? NO_VARIABLES;
  const npmrcs = [npmrcIn(context.root), await newestNpmrc(context)];
  return judgeInstall(unsetForInstall(npmrcs, valuesOf(install)));
}

/** @param unset variables that .npmrc refers to and that are not set; npm may or may not need them */
export function judgeInstall(unset: string[]): Judgement[] {
  const complaints = unset.map((name) =>
    warning(`.npmrc refers to ${name}, which is not set for the install.`, howToSet(name)),
  );
  return orOk(complaints, 'every variable of .npmrc is set');
}

/**
 * Another clone may have pushed the commit. Empty before the first fetch, and if the mirror is damaged, which another
 * check reports.
 */
async function newestNpmrc(context: DoctorContext): Promise<string> {
  const home = context.home();
  const tip = await tipOf(home, context.config().branch).catch(() => null);
  return tip === null ? '' : ((await fileIn(home, tip, '.npmrc')) ?? '');
}
