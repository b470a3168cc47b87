/**
 * What nginx really loaded. It is asked itself: every byte of the configuration goes into a mark that its own
 * address answers with, so a file that was edited, or a template that came with an update, shows.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { configurationFor } from '../traffic/nginx-files';
import { findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, orOk } from './finding';
import type { Patient } from './patient';
import { ASK_MS } from './patience';

const MARK = 'x-switchyard-configuration';
const ANEW = 'npm stop && npm start';

export async function checkLoaded(patient: Patient): Promise<Judgement[]> {
  const home = patient.home();
  const config = patient.ports();
  const wanted = configurationFor(home, config, await patient.nginx(), findWorkerUser());
  const loaded = await markAt(config.http.port);
  const edited = Object.keys(wanted.files).filter(
    (name) => textOf(path.join(home.nginx, name)) !== wanted.files[name],
  );
  return judgeLoaded({ loaded, wanted: wanted.mark, edited, folder: home.nginx });
}

interface Loaded {
  /** What nginx answers; null when it knows of no mark. */
  loaded: string | null;
  wanted: string;
  /** Files that are not what would be written now. */
  edited: string[];
  folder: string;
}

export function judgeLoaded({ loaded, wanted, edited, folder }: Loaded): Judgement[] {
  if (loaded !== wanted) {
    const said = 'nginx runs with another configuration than its template and the settings make now.';
    return [fault(said, ANEW)];
  }
  const complaints = edited.map((name) => {
    const said = `${path.join(folder, name)} was changed by hand: nginx would read that when it starts again.`;
    return fault(said, ANEW);
  });
  return orOk(complaints, 'what nginx has read is what would be written now');
}

function markAt(port: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/_deploy/nginx', agent: false, timeout: ASK_MS };
    const asking = http.get(options, (response) => {
      response.resume();
      const mark = response.headers[MARK];
      resolve(typeof mark === 'string' ? mark : null);
    });
    asking.on('timeout', () => asking.destroy(new Error('nginx does not answer')));
    asking.on('error', reject);
  });
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
