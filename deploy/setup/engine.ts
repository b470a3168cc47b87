/** Can this machine run containers? Asked before anything is made. */
import { execFile } from 'node:child_process';
import type { Config } from '../config/load';
import { slotsOf } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { composeEnvironment } from '../runtimes/compose/cli';
import { containerOf } from '../runtimes/compose/definitions';
import { homeOfContainer } from '../runtimes/compose/containers';
import { askEngineJson } from '../runtimes/compose/engine-api';

const ANSWER_WITHIN_MS = 20_000;

/** Throws E_NO_DOCKER, E_NO_COMPOSE, E_ENGINE, E_NAME_TAKEN. Asks nothing where no container is wanted. */
export async function checkEngine(home: Home, config: Config): Promise<void> {
  if (config.runtime !== 'compose') return;
  await checkCompose(config);
  await askEngineJson({ path: '/info' });
  await checkNames(home, config);
}

async function checkCompose({ name }: Config): Promise<void> {
  const answer = await version(name);
  if (answer === null) throw new KnownError('E_NO_DOCKER', 'There is no command docker on this machine.');
  // Compose 1 is a program of its own, and its successor's files are not its
  if (!/^v?([2-9]|\d\d)/.test(answer)) {
    throw new KnownError('E_NO_COMPOSE', 'Docker has no Compose 2 here (docker compose version).');
  }
}

/** What Compose calls its version; empty when Docker has none, null when there is no Docker. */
function version(name: string): Promise<string | null> {
  const how = { env: composeEnvironment(name), timeout: ANSWER_WITHIN_MS };
  return new Promise((resolve) => {
    execFile('docker', ['compose', 'version', '--short'], how, (error, stdout) => {
      resolve(error?.code === 'ENOENT' ? null : error ? '' : stdout.trim());
    });
  });
}

/** Docker has each name once on a machine. */
async function checkNames(home: Home, config: Config): Promise<void> {
  for (const { name } of slotsOf(config)) {
    const container = containerOf(config.name, name);
    const owner = await homeOfContainer(container);
    if (owner === null || owner === home.dir) continue;
    throw new KnownError(
      'E_NAME_TAKEN',
      `There is a container ${container} already${owner && `, of the Switchyard in ${owner}`}.`,
      `Give this copy a name of its own: APP_NAME=${config.name}-2 npm start`,
    );
  }
}
