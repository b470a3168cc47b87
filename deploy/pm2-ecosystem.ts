/** The export of ecosystem.config.js: the apps that the runtime starts, for an operator who uses PM2 directly. */
import { configNow } from './config/current';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { numberInForce, shellFile } from './config/app-environment';
import type { Config } from './config/load';
import { slotsOf } from './config/load';
import { EMPTY_ENVIRONMENT } from './core/environment';
import type { Release } from './core/release';
import type { SlotName } from './core/slot';
import type { Home } from './home/home';
import { resolveHome } from './home/home';
import { Journal } from './journal/journal';
import { findRelease } from './release/releases';
import type { Pm2Definition } from './runtimes/pm2/definitions';
import { deployerDefinition, slotDefinition } from './runtimes/pm2/definitions';

/** One app for each slot of the clone at `root`, and the deployer. Throws E_CONFIG, E_HOME. */
export function ecosystem(root: string, env: NodeJS.ProcessEnv): { apps: Pm2Definition[] } {
  const home = resolveHome(root, env);
  const config = configNow(home, root);
  const environment = environmentInForce(home);
  const variables = shellFile(home, environment);
  const slots = slotsOf(config).map((slot) =>
    slotDefinition({
      home,
      slot,
      release: releaseOf(home, slot.name) ?? theCloneItself(root, config),
      instance: randomBytes(8).toString('hex'),
      environment,
      variables,
      stopSeconds: config.limits.stop,
      env,
    }),
  );
  return { apps: [...slots, deployerDefinition({ home, root, env })] };
}

/** The release that was last live in a slot; null if there was none or it has been removed. */
function releaseOf(home: Home, slot: SlotName): Release | null {
  if (!existsSync(home.journal)) return null;
  const journal = Journal.open(home);
  const last = journal.lastInSlot(slot);
  journal.close();
  return last?.to ? findRelease(home, last.to.commit) : null;
}

function environmentInForce(home: Home): number {
  if (!existsSync(home.journal)) return EMPTY_ENVIRONMENT;
  const journal = Journal.open(home);
  const number = numberInForce(home, journal);
  journal.close();
  return number;
}

/** Before the first deployment, the only app is the working copy as last built by `npm run build`. */
function theCloneItself(root: string, config: Config): Release {
  return { commit: 'unreleased', version: 'unreleased', subject: '', dir: root, app: config.app };
}
