/** What runs of a home: nginx, the deployer, the active slot. */
import { existsSync } from 'node:fs';
import { loadConfig, readSettings } from '../config';
import type { Home } from '../home';
import { ROOT } from '../commands/desk';
import { viewSlots } from '../serving';
import { nginxServer } from '../traffic/nginx-server';
import { probe } from '../traffic/probe';
import { openYard } from '../yard';

export interface Server {
  /** Writes nginx's configuration, lets nginx check it, and starts it unless it runs. */
  startNginx(): Promise<void>;
  allRuns(): Promise<boolean>;
  /** The ports that our own processes hold. */
  portsInUse(): Promise<number[]>;
}

/** Null for a home that was never prepared. */
export async function serverOf(home: Home): Promise<Server | null> {
  if (!existsSync(home.settings)) return Promise.resolve(null);
  const config = loadConfig(ROOT, readSettings(home.settings));
  const nginx = nginxServer(home, config);
  const slots = async (): Promise<Awaited<ReturnType<typeof viewSlots>>> => viewSlots(openYard(home, ROOT));
  return {
    async startNginx() {
      if (nginx.running()) return;
      await nginx.configure();
      await nginx.check();
      await nginx.start();
    },
    async allRuns() {
      if (!nginx.running() || !(await deployerAnswers(home))) return false;
      return (await slots()).slots.some(({ role, status }) => role === 'active' && status === 'online');
    },
    async portsInUse() {
      const running = (await openYard(home, ROOT).runtime.list()).map(({ slot }) => slot);
      return [
        ...(nginx.running() ? [config.http.port] : []),
        ...((await deployerAnswers(home)) ? [config.deployer.port] : []),
        ...Object.entries(config.slots).flatMap(([slot, port]) => (running.includes(slot) ? [port] : [])),
      ];
    },
  };
}

async function deployerAnswers(home: Home): Promise<boolean> {
  return (await probe({ socketPath: home.socket, path: '/health', timeoutMs: 1000 })).status === 200;
}
