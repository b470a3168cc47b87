/** `npm start` while everything runs: applies changes since the last start without losing a request. */
import { existsSync } from 'node:fs';
import { ROOT } from '../home/clone-root';
import type { Config } from '../config/load';
import { KnownError } from '../core/errors';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { saveSettings } from '../config/saved-settings';
import { requestedWhileRunning } from './requested-settings';
import { startDeployerAndWait } from './deployer';
import { prepareGit } from './prepare-home';
import { phase } from './say';
import { prepareSecret } from '../home/webhook-secret';
import type { Server } from './server';
import { serverOf } from './server';

export interface Updated {
  config: Config;
  /** One phrase per change; empty if nothing changed. */
  changes: string[];
  /** Why nginx rejected the new configuration and keeps its own; null if it did not. */
  refused: KnownError | null;
}

/** Throws E_CONFIG, E_DEPLOYER_DOWN. If nginx rejects its configuration, the other changes still apply. */
export async function update(home: Home, live: Commit): Promise<Updated> {
  const { settings, config } = requestedWhileRunning(home, process.env);
  saveSettings(home.settings, settings, config);
  const server = serverOf(home) as Server;
  const changes: string[] = [];
  const nginx = await applyToNginx(server);
  if (nginx === true) changes.push('nginx has read its changed configuration; no request was lost');
  const isSecretGone = !existsSync(home.secret);
  if (isSecretGone) {
    prepareSecret(home, process.env.WEBHOOK_SECRET);
    changes.push(
      `the webhook secret was gone and is a new one (update the webhooks that use it: ${home.secret})`,
    );
  }
  const isUpToDate = await server.deployerIsUpToDate();
  if (isSecretGone || !isUpToDate) await phase('deployer', () => startDeployerAndWait(home, ROOT));
  if (!isUpToDate) changes.push('the deployer has read the changed configuration');
  await prepareGit(home, ROOT, config, live);
  return { config, changes, refused: nginx instanceof KnownError ? nginx : null };
}

/** True if nginx was started or changed, false if it was up to date; the error if nginx rejects the change. */
export async function applyToNginx(server: Server): Promise<boolean | KnownError> {
  try {
    return await server.startNginx();
  } catch (error) {
    if (error instanceof KnownError && error.code === 'E_NGINX') return error;
    throw error;
  }
}
