/**
 * Starts the processes of deployments. Node needs a few hundred milliseconds to load a deployment's code, so one spare
 * process waits with everything loaded until it gets its deployment. Each spare is used once. If it has been killed,
 * only the head start is lost: the deployment starts in a new process.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { deployerEnvironment } from '../os/app-environment';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';

/** Argument of a spare process, in place of a deployment's id. */
export const SPARE = 'spare';
/** A spare that exits by itself could not even load; restarting it immediately would only waste CPU time. */
const SPARE_AGAIN_AFTER_MS = 10_000;

export interface Launcher {
  /**
   * Starts a deployment, in the spare process if there is one.
   * @param onExit called once, after the process has exited
   */
  launch(id: number, onExit: () => void): void;
  /** Starts a spare process unless one is waiting. */
  keepSpare(): void;
  /** Lets the spare process exit. */
  close(): void;
}

export function createLauncher(context: Pick<DeployContext, 'home' | 'root'>): Launcher {
  let spare: ChildProcess | null = null;
  let notBefore = 0;

  const forget = (exited: ChildProcess): void => {
    if (spare !== exited) return;
    spare = null;
    notBefore = machineMs() + SPARE_AGAIN_AFTER_MS;
  };

  return {
    launch(id, onExit) {
      const waiting = spare?.connected ? spare : null;
      spare = null;
      const child = waiting ?? startProcess(context, String(id));
      whenGone(child, onExit);
      if (waiting) handOver(waiting, id);
    },
    keepSpare() {
      if (spare || machineMs() < notBefore) return;
      const fresh = startProcess(context, SPARE);
      spare = fresh;
      whenGone(fresh, () => forget(fresh));
    },
    close() {
      const waiting = spare;
      spare = null;
      // the spare exits when its IPC channel closes, for example because the deployer was killed
      if (waiting?.connected) waiting.disconnect();
    },
  };
}

/** Hands the deployment over and closes the channel: from now on the process must not depend on the deployer. */
function handOver(spare: ChildProcess, id: number): void {
  spare.send({ id }, (error) => {
    // the spare has just died: its exit handler lets the dispatcher start the deployment again
    if (!error && spare.connected) spare.disconnect();
  });
}

function startProcess({ home, root }: Pick<DeployContext, 'home' | 'root'>, word: string): ChildProcess {
  const log = openSync(path.join(home.logs, 'deployments.log'), 'a', 0o600);
  const child = spawn(process.execPath, [path.join(__dirname, '..', 'deployment.js'), word], {
    // its own process group, so that it outlives the deployer and can be killed as a whole
    detached: true,
    cwd: home.dir,
    env: { ...deployerEnvironment(process.env), SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: root },
    stdio: word === SPARE ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  child.channel?.unref();
  return child;
}

function whenGone(child: ChildProcess, act: () => void): void {
  let isOver = false;
  const once = (): void => {
    if (!isOver) act();
    isOver = true;
  };
  child.once('exit', once);
  child.once('error', once);
}
