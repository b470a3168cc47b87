/** Checks that this machine can run containers, before a start creates anything. */
import { execFile } from 'node:child_process';
import type { Config } from '../config/load';
import { slotsOf } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { composeEnvironment } from '../runtimes/compose/cli';
import { containerOf } from '../runtimes/compose/definitions';
import { homeOfContainer } from '../runtimes/compose/containers';
import { requestEngineJson } from '../runtimes/compose/engine-api';

const ANSWER_WITHIN_MS = 20_000;

/** Throws E_NO_DOCKER, E_NO_COMPOSE, E_ENGINE, E_NAME_TAKEN. Does nothing unless the runtime is Compose. */
export async function checkEngine(home: Home, config: Config): Promise<void> {
  if (config.runtime !== 'compose') return;
  await checkCompose(config);
  await requestEngineJson({ path: '/info' });
  await checkNames(home, config);
}

async function checkCompose({ name }: Config): Promise<void> {
  const answer = await version(name);
  if (answer === null) throw new KnownError('E_NO_DOCKER', 'The docker command is not installed.');
  // Compose 1 is a separate program and cannot read the files of Compose 2
  if (!/^v?([2-9]|\d\d)/.test(answer)) {
    throw new KnownError(
      'E_NO_COMPOSE',
      'Docker Compose 2 is not installed: "docker compose version" fails.',
    );
  }
}

/** Compose's version string; empty if Docker has no Compose, null without Docker. */
function version(name: string): Promise<string | null> {
  const how = { env: composeEnvironment(name), timeout: ANSWER_WITHIN_MS };
  return new Promise((resolve) => {
    execFile('docker', ['compose', 'version', '--short'], how, (error, stdout) => {
      resolve(error?.code === 'ENOENT' ? null : error ? '' : stdout.trim());
    });
  });
}

/** Container names are unique on a machine. Throws E_NAME_TAKEN if another home owns such a name. */
async function checkNames(home: Home, config: Config): Promise<void> {
  for (const { name } of slotsOf(config)) {
    const container = containerOf(config.name, name);
    const owner = await homeOfContainer(container);
    if (owner === null || owner === home.dir) continue;
    throw new KnownError(
      'E_NAME_TAKEN',
      `The container ${container} already exists${owner && `, of the Switchyard in ${owner}`}.`,
      `Give this copy its own name: APP_NAME=${config.name}-2 npm start`,
    );
  }
}
