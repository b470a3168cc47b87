/** The journal: there, and whole. */
import { Journal } from '../journal/journal';
import { asKnown } from '../core/errors';
import { plural } from '../core/format';
import type { Judgement } from './finding';
import { fault, ok, word } from './finding';
import type { Patient } from './patient';

const AT_MOST = 1000;

export function checkJournal(patient: Patient): Judgement[] {
  const home = patient.home();
  const { journal } = home;
  if (!Journal.exists(home)) {
    // what runs by a journal that is not there any more has to end first
    return [fault(`The journal ${journal} is gone.`, 'npm stop && npm start')];
  }
  try {
    const deployments = patient.journal().history(AT_MOST);
    patient.lastLive();
    patient.atWork();
    // what is asked may be whole where the rest is not
    const damage = patient.journal().damage();
    if (damage !== null) throw new Error(damage);
    return [ok(told(deployments.length))];
  } catch (error) {
    const put = `${journal}-broken-${Math.round(Date.now() / 1000)}`;
    const aside = `mkdir ${word(put)} && mv ${word(journal)} ${word(put)}/ && rm -f ${word(`${journal}-wal`)} ${word(`${journal}-shm`)}`;
    return [
      fault(`The journal cannot be read: ${asKnown(error).message}`, `${aside} && npm stop && npm start`),
    ];
  }
}

function told(count: number): string {
  return count === AT_MOST ? `${plural(count, 'deployment')} and more` : plural(count, 'deployment');
}
