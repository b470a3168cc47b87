/** What runs of a home: nginx, the deployer, the active slot. */
import { existsSync } from 'node:fs';
import { buildStamp } from '../build-stamp';
import { loadConfig, slotsOf } from '../config';
import { readSettings } from '../settings';
import { deployerBuild } from '../control-client';
import type { Home } from '../home';
import { ROOT } from '../commands/desk';
import { createRuntime } from '../runtimes';
import { viewSlots } from '../serving';
import { nginxServer } from '../traffic/nginx-server';
import { openYard } from '../yard';

export interface Server {
  /** Writes nginx's configuration, lets nginx check it, and starts it unless it runs. */
  startNginx(): Promise<void>;
  /** Users get answers: nginx and the active slot. */
  serves(): Promise<boolean>;
  /** And this kit's deployer runs. */
  allRuns(): Promise<boolean>;
  /** The ports that our own processes hold. */
  portsInUse(): Promise<number[]>;
}

/** Null for a home that was never prepared. */
export function serverOf(home: Home): Server | null {
  if (!existsSync(home.settings)) return null;
  const config = loadConfig(ROOT, readSettings(home.settings));
  const nginx = nginxServer(home, config);
  const runtime = createRuntime({ home, root: ROOT, config });
  const serves = async (): Promise<boolean> => {
    if (!nginx.running()) return false;
    const { slots } = await viewSlots(openYard(home, ROOT));
    return slots.some(({ role, status }) => role === 'active' && status === 'online');
  };
  return {
    async startNginx() {
      if (nginx.running()) return;
      await nginx.configure();
      await nginx.check();
      await nginx.start();
    },
    serves,
    async allRuns() {
      // a deployer of an older build of the kit is as good as none
      return (await deployerBuild(home)) === buildStamp() && (await serves());
    },
    async portsInUse() {
      const running = (await runtime.list()).map(({ slot }) => slot);
      return [
        ...(nginx.running() ? [config.http.port] : []),
        ...((await deployerBuild(home)) === null ? [] : [config.deployer.port]),
        ...slotsOf(config).flatMap(({ name, port }) => (running.includes(name) ? [port] : [])),
      ];
    },
  };
}
