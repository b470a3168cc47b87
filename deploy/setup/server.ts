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
   * Starts nginx, or applies the current configuration to a running one without losing a request. Returns false if it
   * is already running with that configuration. Throws E_NGINX, E_PORT_IN_USE.
   */
  startNginx(): Promise<boolean>;
  /** True if nginx's master is running, or workers that outlived it. */
  nginxRuns(): boolean;
  /** True if users get responses: nginxRuns(), and the active slot is online. */
  serves(): Promise<boolean>;
  /** True if serves() is true, and nginx's master and a deployer of this build and clone are running. */
  allRuns(): Promise<boolean>;
  /** True if the deployer has loaded the current configuration. */
  deployerIsUpToDate(): Promise<boolean>;
  /** The ports that this home's processes hold, including processes whose parent was killed. */
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
      // a deployer of an older build, or of a clone that was moved, does not count
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

/** Asks the kernel, because a hung deployer holds its port but does not respond. */
function isHeldByDeployer(home: Home, port: number): boolean {
  const inHome = processesWith('SWITCHYARD_HOME', home.dir).map(({ pid }) => pid);
  return portHolders(port).some(({ pid }) => inHome.includes(pid));
}
