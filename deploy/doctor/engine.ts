/** Docker, where slots are containers: the engine and Compose answer, and what runs could be started again. */
import { short } from '../core/format';
import { imageOf } from '../runtimes/compose-definitions';
import { askEngineJson } from '../runtimes/engine-api';
import { checkEngine } from '../setup/engine';
import type { Judgement } from './finding';
import { fault, orOk, warning } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

/** Says nothing where no container is wanted. */
export async function checkEngineLink(patient: Patient): Promise<Judgement[]> {
  const config = patient.ports();
  if (config.runtime !== 'compose') return [];
  // throws E_ENGINE, E_NO_DOCKER, E_NO_COMPOSE, E_NAME_TAKEN
  await checkEngine(patient.home(), config);
  const info = await askEngineJson<{ ServerVersion: string; LiveRestoreEnabled: boolean }>({
    path: '/info',
    limitMs: ASK_MS,
  });
  return judgeEngine({
    version: info?.ServerVersion ?? '?',
    liveRestore: info?.LiveRestoreEnabled ?? false,
    withoutImage: await missingImages(patient, config.name),
  });
}

interface Engine {
  version: string;
  /** Containers run on while the engine is down or updated. */
  liveRestore: boolean;
  /** Images of what runs that somebody has removed. */
  withoutImage: string[];
}

export function judgeEngine({ version, liveRestore, withoutImage }: Engine): Judgement[] {
  const complaints = withoutImage.map((image) =>
    fault(`The image ${image} is gone: a container of it cannot be made again.`, 'npm run -s deploy'),
  );
  if (!liveRestore) {
    const said = 'When the engine ends, or is updated, every container ends with it.';
    const file = '/etc/docker/daemon.json';
    complaints.push(
      warning(said, `Put "live-restore": true into ${file}, then: sudo systemctl reload docker`),
    );
  }
  return orOk(complaints, `Docker ${version}`);
}

async function missingImages(patient: Patient, name: string): Promise<string[]> {
  const commits = [...new Set((await patient.running()).map(({ commit }) => commit))];
  const found = await Promise.all(
    commits.map(async (commit) => ({ commit, there: await hasImage(imageOf(name, commit)) })),
  );
  return found.filter(({ there }) => !there).map(({ commit }) => `${name}:${short(commit)}`);
}

async function hasImage(image: string): Promise<boolean> {
  return (await askEngineJson({ path: `/images/${image}/json`, limitMs: ASK_MS })) !== null;
}
