/** Packs a release for containers: an image built from its folder and named after its commit, `myapp:<commit>`. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { appVariables, redactorOf } from '../../config/app-environment';
import { deploymentLog, runCommand } from '../../os/command';
import { slotsOf } from '../../config/load';
import { KnownError } from '../../core/errors';
import { short } from '../../core/format';
import type { Packing } from '../../core/interfaces';
import { composeArgv, composeEnvironment, writeOverride } from '../../runtimes/compose/cli';
import { buildOverride, imageOf, lent, runOverride } from '../../runtimes/compose/definitions';
import { containerUser, giveData } from '../../runtimes/compose/container-user';
import { LABEL, oneOffContainers, removeContainer } from '../../runtimes/compose/containers';
import { askEngineJson } from '../../runtimes/compose/engine-api';
import { imageFailure } from './image-failure';
import type { PackingOptions } from './options';

/** The builder repeats the failing step's output, followed by many lines of its own. */
const LINES_OF_BUILD = 200;
const REMOVING_MAY_TAKE_MS = 60_000;

export function createImagePacking({ home, root, config }: PackingOptions): Packing {
  const { name, limits } = config;
  const options = { home, root, name };
  const env = composeEnvironment(name);
  // any slot's definition works: nothing slot-specific goes into an image or a migration
  const service = slotsOf(config)[0]?.name ?? '';

  const endRuns = async (): Promise<void> => {
    for (const id of await oneOffContainers(home)) await removeContainer(id);
  };

  return {
    fromFolder: false,

    async pack(release, deploymentId) {
      mustHaveDockerfile(release.dir);
      const override = buildOverride(home, name, service, release, env);
      const file = writeOverride(home, 'build', override);
      const limit = limits.install + limits.build;
      // a killed builder leaves its notes behind; after a power cut they are removed with the partial releases
      const notes = `${release.dir}.notes`;
      mkdirSync(notes, { recursive: true });
      const result = await runCommand({
        argv: composeArgv(options, service, file, ['--progress', 'plain', 'build', service]),
        label: `docker compose build ${imageOf(name, release.commit)}`,
        cwd: release.dir,
        env: { ...env, TMPDIR: notes },
        logFile: deploymentLog(home, deploymentId),
        timeoutSeconds: limit,
        keepLines: LINES_OF_BUILD,
        deploymentId,
      }).finally(() => rmSync(notes, { recursive: true, force: true }));
      if (result.timedOut || result.exitCode !== 0)
        throw imageFailure(result, release.app, deploymentId, {
          seconds: limit,
          name: 'limits.install and limits.build',
        });
      return `image ${name}:${short(release.commit)}`;
    },

    async has({ commit }) {
      return (await askEngineJson({ path: `/images/${imageOf(name, commit)}/json` })) !== null;
    },

    async runOnce(argv, release, deploymentId, environment) {
      const user = containerUser();
      await giveData(home.shared, user);
      const cores = availableParallelism();
      const variables = appVariables(home, environment);
      const override = runOverride(service, { home, config, release, user, cores, variables });
      const file = writeOverride(home, 'run', override);
      const container = `${name}-run-${deploymentId}`;
      const run = ['run', '--rm', '--no-TTY', '--no-deps', '--name', container, service, ...argv];
      try {
        return await runCommand({
          argv: composeArgv(options, service, file, run),
          label: argv.join(' '),
          cwd: release.dir,
          env: { ...env, ...lent(variables) },
          redact: redactorOf(home),
          logFile: deploymentLog(home, deploymentId),
          timeoutSeconds: limits.migrate,
          deploymentId,
        });
      } finally {
        // a command line that is killed at its time limit leaves its container
        await endRuns();
      }
    },

    endRuns,

    async remove(commit) {
      const labels = [`${LABEL.home}=${home.dir}`, `${LABEL.commit}=${commit}`];
      const filters = encodeURIComponent(JSON.stringify({ label: labels }));
      // this also removes the layers that no other image uses
      for (const { Id } of (await askEngineJson<{ Id: string }[]>({
        path: `/images/json?filters=${filters}`,
      })) ?? []) {
        const path = `/images/${Id}?force=true`;
        await askEngineJson({ method: 'DELETE', path, limitMs: REMOVING_MAY_TAKE_MS });
      }
    },
  };
}

function mustHaveDockerfile(dir: string): void {
  if (existsSync(path.join(dir, 'Dockerfile'))) return;
  throw new KnownError('E_IMAGE', 'This commit has no Dockerfile.', "Commit one: Switchyard's own will do.");
}
