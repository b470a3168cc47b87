/** Checks that the journal exists, is intact and is accessible to this user. */
import { plural } from '../core/format';
import { journalCondition } from '../journal/condition';
import type { Judgement } from './finding';
import { fault, faultOf, ok } from './finding';
import type { DoctorContext } from './context';

export function checkJournal(context: DoctorContext): Judgement[] {
  const home = context.home();
  const condition = journalCondition(home, () => context.journalCopy());
  switch (condition.is) {
    case 'whole':
      return [ok(plural(context.journal().count(), 'deployment'))];
    case 'refused':
      return [faultOf(condition.error)];
    case 'broken':
      return [fault(`The journal cannot be read: ${condition.why}.`, 'npm start')];
  }
}
