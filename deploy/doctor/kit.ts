/** Checks that the kit is built from this clone's sources and that the deployer is running this build. */
import path from 'node:path';
import { buildStamp } from '../config/build-stamp';
import type { ClonePlace } from '../home/clone-place';
import { isInPlace, movedSentence } from '../home/clone-place';
import { deployerInfo } from '../client/control-client';
import type { Judgement } from './finding';
import { fault, NotChecked, ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';

export async function checkKit(context: DoctorContext): Promise<Judgement[]> {
  const deployer = await deployerInfo(context.home());
  if (deployer === null) throw new NotChecked('see deployer');
  const complaints = judgePlace(deployer.clone, context.root);
  if (complaints.length > 0) return complaints;
  return judgeBuilds({
    runs: buildIn(deployer.build),
    built: buildIn(buildStamp()),
    sources: stampOfSources(context.root),
  });
}

/** @param clone the running deployer's clone; undefined for an older build, which does not report it */
export function judgePlace(clone: ClonePlace | undefined, root: string): Judgement[] {
  if (clone === undefined || isInPlace(clone, root)) return [];
  if (clone.now !== clone.root) return [fault(movedSentence(clone), startIn(clone.now ?? root))];
  return [fault(`The deployer runs from another clone, ${clone.root}.`, 'npm start')];
}

/** Names the folder, because another clone may be at this place now. */
function startIn(folder: string): string {
  return `cd ${shellWord(folder)} && npm start`;
}

interface Builds {
  runs: string;
  built: string;
  /** Null if unknown. */
  sources: string | null;
}

export function judgeBuilds({ runs, built, sources }: Builds): Judgement[] {
  if (runs !== built)
    return [fault('The deployer runs an older build of Switchyard than this.', 'npm start')];
  // a manual build has no stamp
  if (sources === null || built === '' || sources === built)
    return [ok('built from this clone, and the deployer is running this build')];
  return [warning("Switchyard's sources in deploy/ have changed since they were built.", 'npm start')];
}

/** The stamp without its Node version: the `node` check reports a different Node. */
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
