/** Packs a release for PM2: its folder with node_modules and the output of its own build. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { redactorOf, variablesFor } from '../../config/app-environment';
import { appEnvironment } from '../../os/app-environment';
import { deploymentLog, runCommand } from '../../os/command';
import type { Packing } from '../../core/interfaces';
import type { Home } from '../../home/home';
import { runBuild } from '../app-commands';
import { hasDependencies, readPackageFiles } from '../packages/package-files';

export interface FolderPackingOptions {
  home: Home;
  /** Seconds. */
  limits: { test: number; build: number; migrate: number };
}

export function createFolderPacking({ home, limits }: FolderPackingOptions): Packing {
  return {
    fromFolder: true,
    pack({ commit, dir, app }, deploymentId, environment) {
      const variables = { ...variablesFor(home, environment, 'build'), SWITCHYARD_COMMIT: commit };
      return runBuild({ home, dir, deploymentId, limits }, app, variables);
    },
    has({ dir, app }) {
      // a release that was built for containers has neither
      const isBuilt = existsSync(path.join(dir, app.start));
      const isInstalled =
        existsSync(path.join(dir, 'node_modules')) || !hasDependencies(readPackageFiles(dir));
      return Promise.resolve(isBuilt && isInstalled);
    },
    runOnce: (argv, { dir }, deploymentId, environment) =>
      runCommand({
        argv,
        cwd: dir,
        env: {
          NODE_ENV: 'production',
          ...variablesFor(home, environment, 'run'),
          SWITCHYARD_DATA: home.shared,
        },
        redact: redactorOf(home),
        logFile: deploymentLog(home, deploymentId),
        timeoutSeconds: limits.migrate,
        lowPriority: true,
        deploymentId,
      }),
    operatorCommand: (argv, { dir, commit }, environment) => {
      const env = appEnvironment(process.env);
      return Promise.resolve({
        argv,
        cwd: dir,
        env: {
          ...env,
          PATH: [path.dirname(process.execPath), env.PATH ?? '/usr/bin:/bin'].join(':'),
          TERM: process.env.TERM ?? 'dumb',
          NODE_ENV: 'production',
          ...variablesFor(home, environment, 'run'),
          SWITCHYARD_COMMIT: commit,
          SWITCHYARD_DATA: home.shared,
        },
      });
    },
    // these commands carry the deployment's mark, which is enough to kill survivors
    killRuns: () => Promise.resolve(),
    // the folder is the release itself
    remove: () => Promise.resolve(),
  };
}
