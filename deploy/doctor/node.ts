/** Checks that npm and git are installed, that Node is a tested version, and that all programs use the same Node. */
import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { asRoot } from '../os/as-root';
import { npmVersion } from '../release/packages/npm-version';
import type { Judgement } from './finding';
import { fault, orOk, warning } from './finding';
import type { DoctorContext } from './context';
import { hookNode } from './push';
import { ASK_MS } from './timeouts';

const run = promisify(execFile);

const OLDEST = 20;
const NEWEST_TRIED = 26;
export async function checkNode(context: DoctorContext): Promise<Judgement[]> {
  const [npm, git] = await Promise.all([npmVersion().catch(() => null), gitVersion()]);
  const complaints = [
    ...judgeVersion(process.version),
    ...(npm === null ? [fault('npm is not installed.', 'Install npm; it comes with Node.')] : []),
    ...(git === null ? [fault('git is not installed.', asRoot('apt-get install -y git'))] : []),
    ...(await judgeOthers(context)),
  ];
  return orOk(complaints, `Node ${process.version.slice(1)}, npm ${npm}, git ${git}`);
}

/** @param version as in process.version */
export function judgeVersion(version: string): Judgement[] {
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  if (major < OLDEST) {
    return [fault(`This is Node ${version}.`, `Install Node ${OLDEST} or newer, then npm start`)];
  }
  if (major <= NEWEST_TRIED) return [];
  return [warning(`This is Node ${version}; Switchyard was tested with ${OLDEST} to ${NEWEST_TRIED}.`)];
}

/** The deployer and git's hooks keep the Node binary of the last start, even after another one is installed. */
async function judgeOthers(context: DoctorContext): Promise<Judgement[]> {
  const deployer = await context.deployer().catch(() => null);
  const others = [
    { who: 'The deployer runs', node: deployer?.pid ? programOf(deployer.pid) : null },
    { who: 'A push runs', node: hookNode(context) },
  ];
  const different = others.filter(({ node }) => node !== null && node !== process.execPath);
  return different.map(({ who, node }) =>
    node?.endsWith(' (deleted)')
      ? fault(`${who} on a Node binary that has since been removed: ${node}.`, 'npm start')
      : warning(`${who} on ${node}, and this is ${process.execPath}.`, 'npm start'),
  );
}

function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

async function gitVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('git', ['--version'], { timeout: ASK_MS });
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? null;
  } catch {
    return null;
  }
}
