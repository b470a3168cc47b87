/** Checks that the active release, or its image, could be restarted without a new build. */
import { named } from '../core/format';
import { createPacking } from '../release/artifact';
import { whyNotStartable } from '../release/fitness';
import type { Judgement } from './finding';
import { ok, warning } from './finding';
import type { DoctorContext } from './context';

export async function checkReleases(context: DoctorContext): Promise<Judgement[]> {
  const live = context.lastLive()?.to;
  if (!live) return [ok('nothing was made live yet')];
  const home = context.home();
  const packing = createPacking({ home, root: context.root, config: context.ports() });
  const why = await whyNotStartable({ home, packing }, live.commit);
  if (why === null) return [ok(`${named(live)} can be restarted without a build`)];
  return [warning(`${named(live)} must be built again at the next start: ${why}.`, 'npm start')];
}
