/** The kit itself: its build is of this clone's sources, and the deployer is of this build. */
import path from 'node:path';
import { buildStamp } from '../build-stamp';
import { deployerBuild } from '../control-client';
import type { Judgement } from './finding';
import { fault, NotLookedAt, ok, warning } from './finding';
import type { Patient } from './patient';

export async function checkKit(patient: Patient): Promise<Judgement[]> {
  const runs = await deployerBuild(patient.home());
  if (runs === null) throw new NotLookedAt('see deployer');
  return judgeBuilds({
    runs: buildIn(runs),
    built: buildIn(buildStamp()),
    sources: stampOfSources(patient.root),
  });
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
