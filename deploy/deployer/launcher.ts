/**
 * Starts the processes of deployments. Node needs some tenths of a second to load what a deployment works with, so
 * one process is kept that has it all loaded and waits to be told which deployment is its own. It is used once. A
 * spare that was killed costs nothing but this head start: the deployment then begins in a new process.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { deployerEnvironment } from '../os/app-environment';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';

/** Stands in the place of a deployment's id. */
export const SPARE = 'spare';
/** Compiles all that is loaded at once, and not when it is first called: a spare process has the time. */
const COMPILED_AHEAD = ['--no-lazy'];
/** One that ends by itself cannot even be loaded; trying it all the time would only cost. */
const SPARE_AGAIN_AFTER_MS = 10_000;

export interface Launcher {
  /** Begins a deployment, in the spare process where one waits. @param onExit called once, when the process is gone */
  launch(id: number, onExit: () => void): void;
  /** Sees to it that a spare process waits. */
  keepSpare(): void;
  /** Lets the spare process go. */
  close(): void;
}

export function createLauncher(context: Pick<DeployContext, 'home' | 'root'>): Launcher {
  let spare: ChildProcess | null = null;
  let notBefore = 0;

  const forget = (ended: ChildProcess): void => {
    if (spare !== ended) return;
    spare = null;
    notBefore = machineMs() + SPARE_AGAIN_AFTER_MS;
  };

  return {
    launch(id, onExit) {
      const waiting = spare?.connected ? spare : null;
      spare = null;
      const child = waiting ?? startProcess(context, String(id));
      whenGone(child, onExit);
      if (waiting) tell(waiting, id);
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
      // it leaves when its line to us is cut, as it does when we are killed
      if (waiting?.connected) waiting.disconnect();
    },
  };
}

/** Hands the deployment over, and cuts the line: from now on the process must not depend on us. */
function tell(spare: ChildProcess, id: number): void {
  spare.send({ id }, (error) => {
    // it died just now; whoever waits for its end begins the deployment again
    if (!error && spare.connected) spare.disconnect();
  });
}

function startProcess({ home, root }: Pick<DeployContext, 'home' | 'root'>, word: string): ChildProcess {
  const log = openSync(path.join(home.logs, 'deployments.log'), 'a', 0o600);
  const flags = word === SPARE ? COMPILED_AHEAD : [];
  const child = spawn(process.execPath, [...flags, path.join(__dirname, '..', 'deployment.js'), word], {
    // its own process group: it outlives us, and can be ended as a whole
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
  let told = false;
  const once = (): void => {
    if (!told) act();
    told = true;
  };
  child.once('exit', once);
  child.once('error', once);
}
