/**
 * Checks which configuration nginx has loaded. nginx reports a hash of its whole configuration, which reveals an edited
 * file and a template that changed in an update.
 */
import path from 'node:path';
import { loadedMark } from '../traffic/loaded-mark';
import { changedFiles, configurationFor } from '../traffic/nginx-files';
import { findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

const APPLY = 'npm start';

export async function checkLoaded(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const config = context.ports();
  const wanted = configurationFor(home, config, await context.nginx(), findWorkerUser());
  const loaded = await loadedMark(home, config.http.port, ASK_MS);
  const edited = changedFiles(home, wanted);
  return judgeLoaded({ loaded, wanted: wanted.mark, edited, folder: home.nginx });
}

interface Loaded {
  /** The mark that nginx reports; null if it reports none. */
  loaded: string | null;
  wanted: string;
  /** Files that differ from what would be written now. */
  edited: string[];
  folder: string;
}

export function judgeLoaded({ loaded, wanted, edited, folder }: Loaded): Judgement[] {
  if (loaded !== wanted) {
    const message = 'nginx runs with an outdated configuration: its template or the settings have changed.';
    return [fault(message, APPLY)];
  }
  const complaints = edited.map((name) => {
    const message = `${path.join(folder, name)} was changed by hand: nginx would read the change when it restarts.`;
    return fault(message, APPLY);
  });
  return orOk(complaints, 'nginx runs with the current configuration');
}
