/** The active release: could it be started again as it is? Its image, too, where slots are containers. */
import { named } from '../core/format';
import { createPacking } from '../packing';
import { whyNotStartable } from '../pipeline/release-fitness';
import type { Judgement } from './finding';
import { ok, warning } from './finding';
import type { Patient } from './patient';

export async function checkReleases(patient: Patient): Promise<Judgement[]> {
  const live = patient.lastLive()?.to;
  if (!live) return [ok('nothing was made live yet')];
  const home = patient.home();
  const packing = createPacking({ home, root: patient.root, config: patient.ports() });
  const why = await whyNotStartable({ home, packing }, live.commit);
  if (why === null) return [ok(`${named(live)} can be started again as it is`)];
  return [warning(`${named(live)} must be built again at the next start: ${why}.`, 'npm start')];
}
