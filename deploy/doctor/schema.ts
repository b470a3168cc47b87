/** Checks that the active release still works with the schema after the migration of a failed deployment. */
import { existsSync } from 'node:fs';
import { named } from '../core/format';
import { isOver } from '../core/transitions';
import type { Deployment } from '../core/deployment';
import type { Home } from '../home/home';
import { howToRestore } from '../pipeline/steps/data-snapshot';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';

export function checkSchema(context: DoctorContext): Judgement[] {
  return judgeSchema(context.home(), context.lastLive(), context.journal().migrated());
}

export function judgeSchema(
  home: Pick<Home, 'dir' | 'shared'>,
  live: Deployment | null,
  history: Deployment[],
): Judgement[] {
  const since = live?.id ?? 0;
  const broke = history.find(
    ({ id, migration, state }) => id > since && migration?.liveFails && isOver(state),
  );
  if (!broke?.migration || !live?.to) return [ok('it fits the active release')];
  const { liveFails, copy } = broke.migration;
  const message = `The migration of deployment ${broke.id} changed the schema, and ${named(live.to)} has failed since: ${liveFails}.`;
  const fix =
    copy === null || !existsSync(copy)
      ? 'Push a commit that works with the current schema.'
      : howToRestore(home, copy);
  return [fault(message, fix)];
}
