/** Switchyard's nginx in its own home: with the traffic table, or with the same settings but without the table. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../deploy/config/load';
import { homeAt, type Home } from '../../deploy/home/home';
import { loadedMark } from '../../deploy/traffic/loaded-mark';
import { findNginx } from '../../deploy/traffic/nginx-binary';
import { nginxServer, type NginxServer } from '../../deploy/traffic/nginx-server';
import { createTraffic } from '../../deploy/traffic/nginx-traffic';
import { freePorts } from '../../test/support/ports';
import { until } from '../../test/support/until';
import type { Running } from './peers/peer';
import { onCleanup, output, tempFolder } from './processes';
import type { Upstream, Upstreams } from './types';

const LOADED_WITHIN_MS = 15_000;

export interface Front extends Running {
  home: Home;
}

export async function tableFront(upstreams: Upstreams): Promise<Front> {
  const { nginx, ...front } = await prepare(upstreams);
  const traffic = createTraffic({ home: front.home, httpPort: front.port });
  const switchTo = (slot: Upstream): Promise<void> => traffic.shift({ active: slot, standby: null });
  await switchTo('blue');
  await nginx.start();
  return { ...front, switchTo };
}

/** A plain proxy that is switched by a reload. */
export async function plainFront(upstreams: Upstreams): Promise<Front> {
  const { nginx, ...front } = await prepare(upstreams);
  const prefix = `${front.home.nginx}/`;
  const site = path.join(prefix, 'site.conf');
  const withTable = readFileSync(site, 'utf8');
  let generation = 0;
  const write = (slot: Upstream): void => {
    generation += 1;
    writeFileSync(site, withoutTable(withTable, slot, generation));
  };
  const isLoaded = async (): Promise<boolean> =>
    (await loadedMark(front.home, front.port, LOADED_WITHIN_MS)) === String(generation);
  const untilLoaded = (): Promise<boolean> => until('the new configuration', isLoaded, LOADED_WITHIN_MS);
  write('blue');
  await nginx.start();
  await untilLoaded();
  const { file } = await findNginx(process.env.PATH ?? '');
  const reload = ['-p', prefix, '-c', path.join(prefix, 'nginx.conf'), '-s', 'reload'];
  return {
    ...front,
    async switchTo(slot) {
      write(slot);
      await output(file, reload);
      // the signal only starts the reload; the new workers serve a moment later
      await untilLoaded();
    },
  };
}

async function prepare({
  blue,
  green,
}: Upstreams): Promise<{ port: number; home: Home; nginx: NginxServer; stop: () => Promise<void> }> {
  const [port = 0, deployer = 0] = await freePorts(2);
  const dir = tempFolder();
  const home = homeAt(dir);
  const config = loadConfig(dir, {
    HTTP_PORT: String(port),
    DEPLOYER_PORT: String(deployer),
    BLUE_PORT: String(blue),
    GREEN_PORT: String(green),
  });
  const nginx = nginxServer(home, config);
  await nginx.configure();
  const stop = onCleanup(() => nginx.stop({ graceMs: 200 }));
  return { port, home, nginx, stop };
}

type Replacement = (slot: Upstream, generation: number) => string;

/** Every pattern must match, so that a changed template is not compared by mistake. */
const CHANGES: [RegExp, Replacement][] = [
  [/^ *root "[^"]*";$/gm, () => ''],
  [/^map \$realpath_root \$table/gm, () => 'map "" $table'],
  [/^ *if \(-f "[^"]*\/traffic\/[^)]*\) \{[^}]*\}$/gm, () => ''],
  [/^ *if \(\$preview_token\) \{[^}]*\}$/gm, () => ''],
  [/^ *if \(\$slot = ""\) \{[^}]*\}$/gm, () => ''],
  [/^ *set \$slot "";$/gm, (slot) => `set $slot ${slot};`],
  [/return 420;/g, (slot) => `proxy_pass http://slot_${slot};`],
  [/proxy_pass http:\/\/slot_\$slot;/g, (slot) => `proxy_pass http://slot_${slot};`],
  [/(?<=X-Switchyard-Configuration )"[^"]*"/g, (_, generation) => `"${generation}"`],
];

export function withoutTable(site: string, slot: Upstream, generation: number): string {
  return CHANGES.reduce((text, [pattern, replacement]) => {
    const changed = text.replace(pattern, () => replacement(slot, generation));
    if (changed === text) throw new Error(`nginx/site.conf.template no longer contains ${pattern}`);
    return changed;
  }, site);
}
