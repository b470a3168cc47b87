/** Rotates nginx's logs under full load, in the folders that `npm start` creates. */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { rotate } from '../../deploy/deployer/rotate-logs';
import { makeHome } from '../../deploy/setup/prepare-home';
import { logPosition, readRequests } from '../../deploy/traffic/access-log';
import { masterOf } from '../../deploy/traffic/nginx-processes';
import type { DeployContext } from '../../deploy/context';
import { openContext } from '../../deploy/context';
import { trafficFixture } from './traffic-fixture';
import { until } from './until';

const TURNS = 8;

export interface Keep {
  logSize: string;
  logs: number;
  logDisk?: string;
}

export interface Rotations {
  requests: number;
  failures: number;
  /** Lines in the log and its rotated files. */
  lines: number;
  /** Lines seen by a reader that resumes at its last position. */
  readOn: number;
  /** The suffixes of the rotated files. */
  older: string[];
  /** Permission bits that let other users access a log. */
  open: number;
  isSameMaster: boolean;
}

/** Rotates several times under load and counts every line. */
export async function rotateUnderLoad(): Promise<Rotations> {
  const traffic = await trafficFixture();
  const { home } = traffic;
  try {
    makeHome(home);
    const context = await rotationContext(home, home.dir, { logSize: '64k', logs: 50 });
    await traffic.startApp('blue');
    await traffic.traffic.shift({ active: 'blue', standby: null });
    await traffic.nginx.start();
    const master = masterOf(home);
    let position = logPosition(home);
    const linesBefore = allLines(home, 'access.log').length;
    let readOn = 0;
    const read = (): void => {
      const { requests, position: next } = readRequests(home, position);
      position = next;
      readOn += requests.length;
    };

    const load = traffic.load();
    for (let turn = 0; turn < TURNS; turn++) {
      await until('the log to grow', () => statSync(home.accessLog).size > 64 * 1024);
      const turning = rotate(context);
      read();
      await turning;
      read();
    }
    const { requests, failures } = await load.stop();
    const lines = (): number => allLines(home, 'access.log').length - linesBefore;
    await until('the last line', () => lines() >= requests);
    read();
    context.journal.close();
    const logs = readdirSync(home.logs).map((name) => statSync(path.join(home.logs, name)).mode & 0o077);
    return {
      requests,
      failures,
      lines: lines(),
      readOn,
      older: olderThan(home, 'access.log').sort(),
      open: logs.reduce((all, mode) => all | mode, 0),
      isSameMaster: masterOf(home) === master,
    };
  } finally {
    await traffic.cleanUp();
  }
}

/** A context whose configuration sets the log limits. @param root the folder for the configuration */
export async function rotationContext(home: Home, root: string, keep: Keep): Promise<DeployContext> {
  writeFileSync(path.join(root, 'deploy.config.js'), `module.exports = ${JSON.stringify({ keep })};`);
  const journal = Journal.open(home);
  await journal.prepare();
  journal.close();
  mkdirSync(home.logs, { recursive: true });
  return openContext(home, root);
}

/** The lines of a log and its rotated files, oldest first. */
export function allLines(home: Home, log: string): string[] {
  const files = olderThan(home, log).sort((a, b) => parseInt(b, 10) - parseInt(a, 10));
  const texts = files.map((suffix) => {
    const content = readFileSync(path.join(home.logs, `${log}.${suffix}`));
    return (suffix.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8');
  });
  texts.push(readFileSync(path.join(home.logs, log), 'utf8'));
  return texts.join('').split('\n').slice(0, -1);
}

/** The suffixes of a log's rotated files. */
export function olderThan(home: Home, log: string): string[] {
  return readdirSync(home.logs).flatMap((name) =>
    name.startsWith(`${log}.`) ? [name.slice(log.length + 1)] : [],
  );
}
