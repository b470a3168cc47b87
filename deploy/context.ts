/** Wires configuration, home, journal, traffic and runtime together, once per process. */
import { existsSync } from 'node:fs';
import { redactorOf } from './config/app-environment';
import { buildMark } from './config/build-stamp';
import type { Config } from './config/load';
import { configInForce, slotsOf } from './config/load';
import { readSettings } from './config/saved-settings';
import { KnownError } from './core/errors';
import type { Packing, Runtime, Traffic } from './core/interfaces';
import type { Commit, Release } from './core/release';
import type { Slot, SlotName } from './core/slot';
import type { Home } from './home/home';
import { Journal } from './journal/journal';
import type { Use } from './release/releases';
import { findRelease } from './release/releases';
import { createPacking } from './release/artifact';
import { createRuntime } from './runtimes';
import { createTraffic } from './traffic/nginx-traffic';

export interface DeployContext {
  home: Home;
  /** The clone that the kit runs from. */
  root: string;
  config: Config;
  /** Why the clone's file cannot be used; `config` is then the last valid configuration. Null if it can. */
  configProblem: KnownError | null;
  slots: Slot[];
  journal: Journal;
  runtime: Runtime;
  packing: Packing;
  traffic: Traffic;
}

/** Reads the configuration and opens the journal of a home that was started. Throws E_CONFIG, E_NOT_STARTED, E_HOME. */
export function openContext(home: Home, root: string): DeployContext {
  const known = { file: home.checkedConfig, build: buildMark() };
  const { config, problem } = configInForce(root, readSettings(home.settings), known);
  return {
    home,
    root,
    config,
    configProblem: problem,
    slots: slotsOf(config),
    journal: existingJournal(home),
    runtime: createRuntime({ home, root, config }),
    packing: createPacking({ home, root, config }),
    traffic: createTraffic({ home, httpPort: config.http.port }),
  };
}

/** Throws E_JOURNAL or E_NOT_STARTED for a missing journal: SQLite would create an empty one without a live release. */
function existingJournal(home: Home): Journal {
  if (Journal.exists(home)) return Journal.open(home, redactorOf(home));
  if (existsSync(home.settings)) {
    throw new KnownError('E_JOURNAL', `The journal ${home.journal} is gone.`);
  }
  throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no journal in ${home.dir}).`);
}

/** Finds a slot by name. Throws E_CONFIG. */
export function slotNamed(context: Pick<DeployContext, 'slots'>, name: SlotName): Slot {
  const slot = context.slots.find((candidate) => candidate.name === name);
  if (!slot) throw new KnownError('E_CONFIG', `There is no slot named ${name} in the configuration.`);
  return slot;
}

/** Finds the release of a commit that was built before; see findRelease. Throws E_INTERNAL when it is missing. */
export function builtRelease(context: Pick<DeployContext, 'home'>, commit: Commit, use?: Use): Release {
  const release = findRelease(context.home, commit, use);
  if (!release) throw new KnownError('E_INTERNAL', `The release of ${commit} is no longer in the home.`);
  return release;
}
