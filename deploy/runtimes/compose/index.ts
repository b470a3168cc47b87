/**
 * The Compose runtime: each start of a slot removes its container and creates a new one. Compose creates it from the
 * clone's docker-compose.<slot>.yml, so that an operator's additions apply. All other calls go to the engine directly.
 *
 * start and stop are called under the deployment lock. list and logs may be called by any process at any time.
 */
import { availableParallelism } from 'node:os';
import { variablesFor } from '../../config/app-environment';
import type { Config } from '../../config/load';
import { diskReason } from '../../core/disk-reason';
import { EMPTY_ENVIRONMENT } from '../../core/environment';
import { KnownError } from '../../core/errors';
import type { Runtime } from '../../core/interfaces';
import type { SlotName } from '../../core/slot';
import type { ComposeOptions } from './cli';
import { compose, slotFile, writeOverride } from './cli';
import { composeVariables, slotOverride } from './definitions';
import { containerLines, appendOutput } from './container-output';
import { containerUser, changeDataOwner } from './container-user';
import type { SlotContainer } from './containers';
import { removeContainer, slotContainers } from './containers';
import { requestEngineJson } from './engine-api';
import { localeEnvironment } from '../../os/app-environment';
import { linesFrom } from '../../os/tail';
import { followSlot } from './follow-slot';
import { markStart, slotLog } from '../slot-log';

export interface ComposeRuntimeOptions extends ComposeOptions {
  config: Pick<Config, 'name' | 'compose' | 'limits'>;
}

function unlessDisk(error: unknown): void {
  if (diskReason(error) === null) throw error;
}

/** The engine's own time to stop and remove a container, in addition to the app's stop time. */
const ENGINE_MARGIN_MS = 10_000;

/** Creates the runtime of a home. It holds no connection, so nothing needs closing. */
export function createComposeRuntime(options: ComposeRuntimeOptions): Runtime {
  const { home, config } = options;
  const stopSeconds = Math.ceil(config.limits.stop);

  const stop = async (slot: SlotName): Promise<void> => {
    for (const { id } of await slotContainers(home, slot)) {
      const limitMs = stopSeconds * 1000 + ENGINE_MARGIN_MS;
      await requestEngineJson({ method: 'POST', path: `/containers/${id}/stop?t=${stopSeconds}`, limitMs });
      // a full disk must not prevent the stop of a container
      await appendOutput(id, slotLog(home, slot)).catch(unlessDisk);
      await removeContainer(id);
    }
  };

  return {
    async start(slot, release, instance, environment = EMPTY_ENVIRONMENT) {
      await stop(slot.name);
      const user = containerUser();
      await changeDataOwner(home.shared, user);
      const cores = availableParallelism();
      const variables = { ...localeEnvironment(process.env), ...variablesFor(home, environment, 'run') };
      const how = { home, config, slot, release, instance, environment, user, cores, variables };
      const definition = slotFile(options.root, slot.name);
      const override = slotOverride(how, definition);
      markStart(home, slot, release);
      const file = writeOverride(home, slot.name, override);
      const up = ['up', '--detach', '--no-build', '--no-deps', slot.name];
      await compose(options, slot.name, file, up, composeVariables(variables));
      const [started] = await slotContainers(home, slot.name);
      if (!started) throw new KnownError('E_RUNTIME', `Compose created no container for ${slot.name}.`);
      return { ...started.running, status: 'starting' };
    },
    stop,
    async list(only) {
      return (await slotContainers(home, only)).map(({ running }) => running);
    },
    async logs(slot, lines, since) {
      const kept = await linesFrom(slotLog(home, slot), lines, since);
      const live = await Promise.all(
        (await containersIfAny(slot)).map(({ id }) => containerLines(id, lines, since)),
      );
      return [...kept, ...live.flat()].slice(-lines);
    },
    follow: (slot, lines, signal, since) =>
      followSlot(
        {
          container: async () => (await slotContainers(home, slot))[0]?.id ?? null,
          kept: (count, from) => linesFrom(slotLog(home, slot), count, from),
        },
        lines,
        signal,
        since,
      ),
    async exitReason(slot) {
      const [container] = await containersIfAny(slot);
      return container?.outOfMemory ? `it ran out of memory (limit ${config.compose.memory})` : null;
    },
  };

  /** Empty while the engine is down: the saved log is still readable then. */
  function containersIfAny(slot: SlotName): Promise<SlotContainer[]> {
    return slotContainers(home, slot).catch(() => []);
  }
}
