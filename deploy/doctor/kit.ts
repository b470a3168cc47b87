/** The kit itself: its build is of this clone's sources, and the deployer is of this build. */
import path from 'node:path';
import { buildStamp } from '../config/build-stamp';
import type { ClonePlace } from '../home/clone-place';
import { isInPlace, movedSentence } from '../home/clone-place';
import { deployerLoaded } from '../client/control-client';
import type { Judgement } from './finding';
import { fault, NotChecked, ok, warning, word } from './finding';
import type { DoctorContext } from './context';

export async function checkKit(context: DoctorContext): Promise<Judgement[]> {
  const deployer = await deployerLoaded(context.home());
  if (deployer === null) throw new NotChecked('see deployer');
  const complaints = judgePlace(deployer.clone, context.root);
  if (complaints.length > 0) return complaints;
  return judgeBuilds({
    runs: buildIn(deployer.build),
    built: buildIn(buildStamp()),
    sources: stampOfSources(context.root),
  });
}

/** @param clone of a running deployer; one of an older build does not say where it is */
export function judgePlace(clone: ClonePlace | undefined, root: string): Judgement[] {
  if (clone === undefined || isInPlace(clone, root)) return [];
  if (clone.now !== clone.root) return [fault(movedSentence(clone), startIn(clone.now ?? root))];
  return [fault(`The deployer runs from another clone, ${clone.root}.`, 'npm start')];
}

/** Another clone may be here now. */
function startIn(folder: string): string {
  return `cd ${word(folder)} && npm start`;
}

interface Builds {
  runs: string;
  built: string;
  /** Null when it cannot be told. */
  sources: string | null;
}

export function judgeBuilds({ runs, built, sources }: Builds): Judgement[] {
  if (runs !== built)
    return [fault('The deployer runs an older build of Switchyard than this.', 'npm start')];
  // a build by hand has no stamp
  if (sources === null || built === '' || sources === built)
    return [ok('built from this clone, and the deployer is of it')];
  return [warning("Switchyard's sources in deploy/ have changed since they were built.", 'npm start')];
}

/** Without the Node that runs it, which is told elsewhere. */
function buildIn(stamp: string): string {
  return stamp.split(' ')[0] ?? '';
}

function stampOfSources(root: string): string | null {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { stampOf } = require(path.join(root, 'scripts', 'lib', 'build.js')) as {
      stampOf: (root: string, name: string) => string;
    };
    return stampOf(root, 'deploy');
  } catch {
    return null;
  }
}
