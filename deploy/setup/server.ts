/** The state of a home's processes: nginx, the deployer, the active slot. */
import { configNow } from '../config/current';
import { existsSync } from 'node:fs';
import { buildStamp } from '../config/build-stamp';
import { slotsOf } from '../config/load';
import { configMark } from '../config/fingerprint';
import { deployerInfo } from '../client/control-client';
import type { Home } from '../home/home';
import { isInPlace } from '../home/clone-place';
import { ROOT } from '../home/clone-root';
import { createRuntime } from '../runtimes';
import { processesWith } from '../os/process-table';
import { viewSlots } from '../health/serving';
import { nginxServer } from '../traffic/nginx-server';
import { portHolders } from '../os/port-holder';
import { openContext } from '../context';

export interface Server {
  /**
   * Starts nginx, or applies the current configuration to a running one without losing a request. Returns false when
   * it already runs with that configuration. Throws E_NGINX, E_PORT_IN_USE.
   */
  startNginx(): Promise<boolean>;
  /** True when nginx's master runs, or workers that outlived it. */
  nginxRuns(): boolean;
  /** True when users get answers: nginxRuns(), and the active slot is online. */
  serves(): Promise<boolean>;
  /** True when serves() is, nginx's master runs, and so does a deployer of this build and clone. */
  allRuns(): Promise<boolean>;
  /** True when the deployer has loaded the current configuration. */
  deployerIsUpToDate(): Promise<boolean>;
  /** The ports that our own processes hold, including processes whose parent was killed. */
  portsInUse(): Promise<number[]>;
}

/** Null for a home that was never prepared. */
export function serverOf(home: Home): Server | null {
  if (!existsSync(home.settings)) return null;
  const config = configNow(home, ROOT);
  const nginx = nginxServer(home, config);
  const runtime = createRuntime({ home, root: ROOT, config });
  const serves = async (): Promise<boolean> => {
    if (nginx.processes().length === 0) return false;
    const { slots } = await viewSlots(openContext(home, ROOT));
    return slots.some(({ role, status }) => role === 'active' && status === 'online');
  };
  return {
    async startNginx() {
      if (nginx.running()) return nginx.apply();
      await nginx.configure();
      await nginx.check();
      await nginx.start();
      return true;
    },
    nginxRuns: () => nginx.processes().length > 0,
    serves,
    async allRuns() {
      // a deployer of an older build, or of a clone that was moved, counts as none
      const deployer = await deployerInfo(home);
      const isOurs = deployer?.build === buildStamp() && isInPlace(deployer.clone, ROOT);
      return isOurs && nginx.running() !== null && (await serves());
    },
    deployerIsUpToDate: async () => (await deployerInfo(home))?.config === configMark(config),
    async portsInUse() {
      const running = (await runtime.list()).map(({ slot }) => slot);
      return [
        ...(nginx.processes().length > 0 ? [config.http.port] : []),
        ...(isHeldByDeployer(home, config.deployer.port) ? [config.deployer.port] : []),
        ...slotsOf(config).flatMap(({ name, port }) => (running.includes(name) ? [port] : [])),
      ];
    },
  };
}

/** Asks the kernel, because a hung deployer holds its port but does not answer. */
function isHeldByDeployer(home: Home, port: number): boolean {
  const inHome = processesWith('SWITCHYARD_HOME', home.dir).map(({ pid }) => pid);
  return portHolders(port).some(({ pid }) => inHome.includes(pid));
}
