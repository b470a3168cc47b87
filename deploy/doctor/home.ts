/** Checks that the home exists, is writable and lies on a local disk. */
import path from 'node:path';
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { readSettings, settingsCondition } from '../config/saved-settings';
import { checkMoved } from '../setup/check-moved-clone';
import { mustHaveOpenHome } from '../setup/open-home';
import type { Judgement } from './finding';
import { fault, ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';

/** SQLite's WAL needs shared memory, which network file systems do not provide. @see statfs(2) */
const REMOTE: Record<number, string> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB',
  0xff534d42: 'CIFS',
  0x01021997: '9P',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
};
/** tmpfs, lost on a reboot. */
const IN_MEMORY = 0x01021994;

export async function checkHome(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  if (!existsSync(home.settings)) {
    await checkMoved(home, context.root);
    return [fault(`Nothing was started here yet (no home at ${home.dir}).`, 'npm start')];
  }
  if (!mayWrite(home.dir)) return [judgeClosed(home.dir, statSync(home.dir).uid)];
  mustHaveOpenHome(home);
  // throws E_HOME: only the settings of the start contain the ports
  readSettings(home.settings);
  if (settingsCondition(home.settings) === 'broken') {
    return [fault(`${home.settings} is broken; its settings are taken from config.json.`, 'npm start')];
  }
  return judgeFileSystem(statfsSync(home.dir).type, home.dir);
}

/** @param type `f_type` of statfs(2) */
export function judgeFileSystem(type: number, dir: string): Judgement[] {
  const remote = REMOTE[type >>> 0];
  if (remote !== undefined) {
    const message = `The home ${dir} lies on ${remote}, where the journal can be damaged.`;
    const move = `npm stop && cp -a ${shellWord(dir)} /a/local/disk/ && SWITCHYARD_HOME=/a/local/disk/${path.basename(dir)} npm start`;
    return [fault(message, move)];
  }
  if (type !== IN_MEMORY) return [ok(dir)];
  return [warning(`The home ${dir} lies in memory: a reboot loses it.`)];
}

/** Never suggests taking over another user's home: that would lock out that user's processes. */
export function judgeClosed(dir: string, owner: number, user = process.getuid?.()): Judgement {
  return owner === user
    ? fault(`This user may not write to the home ${dir}.`, `chmod u+rwx ${shellWord(dir)}`)
    : fault(
        `The home ${dir} belongs to another user (uid ${owner}).`,
        `sudo -u '#${owner}' ./switchyard doctor`,
      );
}

function mayWrite(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    // the disk check reports a read-only file system
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
