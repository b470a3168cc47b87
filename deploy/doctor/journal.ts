/** The journal: there, whole, and open to this user. */
import { plural } from '../core/format';
import { journalCondition } from '../journal/condition';
import type { Judgement } from './finding';
import { fault, faultOf, ok } from './finding';
import type { Patient } from './patient';

export function checkJournal(patient: Patient): Judgement[] {
  const home = patient.home();
  const condition = journalCondition(home, () => patient.journalCopy());
  switch (condition.is) {
    case 'whole':
      return [ok(plural(patient.journal().count(), 'deployment'))];
    case 'refused':
      return [faultOf(condition.error)];
    case 'broken':
      return [fault(`The journal cannot be read: ${condition.why}.`, 'npm start')];
  }
}
