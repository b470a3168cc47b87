/** Packs a release for containers: an image built from its folder and named after its commit, `myapp:<commit>`. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { redactorOf, variablesFor } from '../../config/app-environment';
import { localeEnvironment } from '../../os/app-environment';
import { deploymentLog, runCommand } from '../../os/command';
import { slotsOf } from '../../config/load';
import { KnownError } from '../../core/errors';
import { short } from '../../core/format';
import type { Packing } from '../../core/interfaces';
import { exportLines } from '../../core/shell-word';
import { composeArgv, composeEnvironment, writeOverride } from '../../runtimes/compose/cli';
import {
  SECRETS,
  buildOverride,
  imageOf,
  composeVariables,
  runOverride,
} from '../../runtimes/compose/definitions';
import { containerUser, changeDataOwner } from '../../runtimes/compose/container-user';
import { LABEL, oneOffContainers, removeContainer } from '../../runtimes/compose/containers';
import { requestEngineJson } from '../../runtimes/compose/engine-api';
import { npmrcIn, hashInstallInputs, hashValues, unsetForInstall } from '../inputs';
import { imageFailure } from './image-failure';
import type { PackingOptions } from './options';

/** The builder repeats the failing step's output, followed by many lines of its own. */
const LINES_OF_BUILD = 200;
const REMOVING_MAY_TAKE_MS = 60_000;

export function createImagePacking({ home, root, config }: PackingOptions): Packing {
  const { name, limits } = config;
  const options = { home, root, name };
  const env = composeEnvironment(name);
  // any slot's definition works, because an image or a migration contains nothing slot-specific
  const service = slotsOf(config)[0]?.name ?? '';

  const killRuns = async (): Promise<void> => {
    for (const id of await oneOffContainers(home)) await removeContainer(id);
  };

  return {
    fromFolder: false,

    async pack(release, deploymentId, environment) {
      const dockerfile = dockerfileIn(release.dir);
      const limit = limits.install + limits.build;
      // a killed builder leaves its files behind; after a power cut they are removed with the partial releases
      const notes = `${release.dir}.notes`;
      mkdirSync(notes, { recursive: true, mode: 0o700 });
      const install = variablesFor(home, environment, 'install');
      const build = variablesFor(home, environment, 'build');
      const variables = {
        install: {
          file: secretFile(notes, dockerfile, 'install', install),
          seal: hashInstallInputs(home, npmrcIn(release.dir), install) ?? '',
        },
        build: { file: secretFile(notes, dockerfile, 'build', build), seal: hashValues(home, build) ?? '' },
      };
      const override = buildOverride({ home, name, slot: service, release, env, variables });
      const file = writeOverride(home, 'build', override);
      const result = await runCommand({
        argv: composeArgv(options, service, file, ['--progress', 'plain', 'build', service]),
        label: `docker compose build ${imageOf(name, release)}`,
        cwd: release.dir,
        env: { ...env, TMPDIR: notes },
        redact: redactorOf(home),
        logFile: deploymentLog(home, deploymentId),
        timeoutSeconds: limit,
        keepLines: LINES_OF_BUILD,
        deploymentId,
      }).finally(() => rmSync(notes, { recursive: true, force: true }));
      if (result.timedOut || result.exitCode !== 0) {
        const time = { seconds: limit, name: 'limits.install and limits.build' };
        const unset = unsetForInstall([npmrcIn(release.dir)], install);
        throw imageFailure(result, release.app, deploymentId, time, unset);
      }
      return `image ${name}:${short(release.commit)}`;
    },

    async has(release) {
      return (await requestEngineJson({ path: `/images/${imageOf(name, release)}/json` })) !== null;
    },

    async runOnce(argv, release, deploymentId, environment) {
      const user = containerUser();
      await changeDataOwner(home.shared, user);
      const cores = availableParallelism();
      const variables = { ...localeEnvironment(process.env), ...variablesFor(home, environment, 'run') };
      const override = runOverride(service, { home, config, release, user, cores, variables });
      const file = writeOverride(home, 'run', override);
      const container = `${name}-run-${deploymentId}`;
      const run = ['run', '--rm', '--no-TTY', '--no-deps', '--name', container, service, ...argv];
      try {
        return await runCommand({
          argv: composeArgv(options, service, file, run),
          label: argv.join(' '),
          cwd: release.dir,
          env: { ...env, ...composeVariables(variables) },
          redact: redactorOf(home),
          logFile: deploymentLog(home, deploymentId),
          timeoutSeconds: limits.migrate,
          deploymentId,
        });
      } finally {
        // a command killed at its time limit leaves its container behind
        await killRuns();
      }
    },

    async operatorCommand(argv, release, environment) {
      const user = containerUser();
      await changeDataOwner(home.shared, user);
      const variables = { ...localeEnvironment(process.env), ...variablesFor(home, environment, 'run') };
      const cores = availableParallelism();
      const override = runOverride(service, { home, config, release, user, cores, variables });
      // a separate file, because a migration may be running at the same time
      const file = writeOverride(home, `operator-${process.pid}`, override);
      process.once('exit', () => rmSync(file, { force: true }));
      const label = ['--label', `${LABEL.operator}=${process.pid}`];
      const run = ['run', '--rm', '--no-deps', ...label, service, ...argv];
      return {
        argv: composeArgv(options, service, file, run),
        cwd: release.dir,
        env: { ...env, ...composeVariables(variables) },
      };
    },

    killRuns,

    async remove(commit, only) {
      if (only !== undefined) return removeImage(imageOf(name, only));
      const labels = [`${LABEL.home}=${home.dir}`, `${LABEL.commit}=${commit}`];
      const filters = encodeURIComponent(JSON.stringify({ label: labels }));
      // this also removes the layers that no other image uses
      for (const { Id } of (await requestEngineJson<{ Id: string }[]>({
        path: `/images/json?filters=${filters}`,
      })) ?? []) {
        await removeImage(Id);
      }
    },
  };
}

async function removeImage(id: string): Promise<void> {
  const path = `/images/${id}?force=true`;
  await requestEngineJson({ method: 'DELETE', path, limitMs: REMOVING_MAY_TAKE_MS });
}

/** Writes the variables of a phase for the Dockerfile. Throws E_ENV if the Dockerfile does not mount them. */
function secretFile(
  folder: string,
  dockerfile: string,
  phase: keyof typeof SECRETS,
  values: Record<string, string>,
): string {
  const id = SECRETS[phase];
  const [name] = Object.keys(values);
  if (name !== undefined && !dockerfile.includes(`id=${id}`)) {
    throw new KnownError(
      'E_ENV',
      `${name} is set for the ${phase}, but this commit's Dockerfile does not mount the secret ${id}.`,
      `Mount it as Switchyard's own Dockerfile does, or remove the variable: ./switchyard env unset --for ${phase} ${name}`,
    );
  }
  const file = path.join(folder, id);
  writeFileSync(file, exportLines(values), { mode: 0o600 });
  return file;
}

function dockerfileIn(dir: string): string {
  const file = path.join(dir, 'Dockerfile');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new KnownError('E_IMAGE', 'This commit has no Dockerfile.', "Commit one: Switchyard's own will do.");
}
