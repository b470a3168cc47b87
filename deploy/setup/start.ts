/**
 * `npm start`, once the packages and nginx are installed: prepares the home and starts everything that is not running.
 * The first time, HEAD goes live; later, the release that was live before.
 */
import { resolveRef } from '../git/clone';
import { KnownError } from '../core/errors';
import { problemLine, type Config } from '../config/load';
import { backUpBrokenSettings } from '../config/saved-settings';
import { sshUrl } from '../git/live-remote';
import { jsonText } from '../core/terminal-text';
import { isLocked } from '../journal/deployment-lock';
import type { Home } from '../home/home';
import { rememberHome, resolveHome } from '../home/home';
import { Journal } from '../journal/journal';
import { servingNow } from '../health/serving';
import type { Serving } from '../core/slot';
import { checkNotifyUrl, saveNotifyUrl } from '../notify/targets';
import { openContext } from '../context';
import { ROOT } from '../home/clone-root';
import { makeLive, whyUnfitLive } from './first-release';
import { makeHome, prepareHome } from './prepare-home';
import type { Server } from './server';
import { serverOf } from './server';
import type { RequestedSettings } from './requested-settings';
import { requestedSettings, requestedWhileRunning } from './requested-settings';
import { checkGivenSource, printSourceProblem } from './source';
import { applyToNginx, update } from './update';
import { stopGuards } from '../deployer/guard-process';
import { killHungPm2 } from '../runtimes/pm2/daemon';
import { repairMirror } from './mirror';
import { checkMoved } from './check-moved-clone';
import { mustHaveOpenHome } from './open-home';
import { checkEngine } from './engine';
import { checkPorts } from './ports';
import { rescueJournal } from './rescue-journal';
import { checkVersion } from './check-version';
import { startDeployerAndWait } from './deployer';
import { phase, printLine } from './say';
import { stopEverything } from './stop';
import { withSetupLock } from '../journal/setup-lock';
import {
  printLive,
  printUnsetForInstall,
  printUncommitted,
  reportFailure,
  printPendingSettings,
  printDrift,
  printUndeployedHead,
  printPendingSecret,
  liveLine,
  urlOf,
} from './start-messages';
import { words } from '../reporters/words';

/** The document that `start --json` prints. */
interface Started {
  url: string;
  home: string;
  serving: Serving;
  /** True if everything was already running. */
  ranAlready: boolean;
  /** The changes that a running Switchyard has applied, one phrase each. */
  changes: string[];
  /** The address for the remote `live` of a clone on another machine; null while `source` is set. */
  push: string | null;
}

export async function startCommand({ json }: { json?: boolean }): Promise<number> {
  const result = await start();
  if (result instanceof KnownError) {
    if (json) throw result;
    return 1;
  }
  if (json) console.log(jsonText(result));
  return 0;
}

/** If the wanted release does not start, returns the error and prints what users get instead. */
async function start(): Promise<Started | KnownError> {
  const home = resolveHome(ROOT, process.env);
  await resolveRef(ROOT, 'HEAD');
  await checkMoved(home, ROOT);
  mustHaveOpenHome(home);
  // a hung PM2 daemon could neither list nor start processes
  const hung = await killHungPm2(home);
  const { config } = await refuseMistakes(home);
  await rescueJournal(home, config);
  if (hung || !(await alreadyServing(home))) {
    makeHome(home);
    // a guard that is restarting the deployer holds the setup lock
    await stopGuards(home);
  }
  return withSetupLock(home, async () => {
    const aside = backUpBrokenSettings(home.settings);
    if (aside)
      printLine(
        `! settings.json was broken; its settings are taken from config.json. It is kept as ${aside}`,
      );
    saveNotifyUrl(home, process.env.NOTIFY_URL);
    // checked again under the lock: another npm start or npm stop may have run since
    const serving = hung ? null : await alreadyServing(home);
    return serving ? applyChanges(home, serving) : startUp(home);
  });
}

/** Rejects unworkable settings before anything is created. */
async function refuseMistakes(home: Home): Promise<RequestedSettings> {
  const asked = requestedSettings(home, process.env);
  const { problem } = asked;
  // if nothing is live, as after a reboot, serving users comes first, with the last good configuration
  if (problem && (await alreadyServing(home))) throw problem;
  if (problem) printLine(problemLine(problem));
  checkNotifyUrl(process.env.NOTIFY_URL);
  await checkGivenSource(home, process.env.SOURCE, asked.config);
  return asked;
}

/**
 * The active release, if nginx, the deployer and the active slot are running and the release could be restarted;
 * otherwise null.
 */
async function alreadyServing(home: Home): Promise<Serving | null> {
  const server = serverOf(home);
  if (server === null || !(await server.allRuns())) return null;
  const context = openContext(home, ROOT);
  return (await whyUnfitLive(context)) === null ? servingNow(context) : null;
}

/** Makes live the release that was live before, or HEAD. */
async function startUp(home: Home): Promise<Started | KnownError> {
  const { config, settings } = await possible(home);
  await checkEngine(home, config);
  await checkPorts(home, config, settings);
  await phase('home', () => prepareHome(home, ROOT, config, settings, process.env.WEBHOOK_SECRET));
  rememberHome(ROOT, home, process.env);
  await printUncommitted();
  let refused: KnownError | null = null;
  let started: Started;
  try {
    refused = await phase('nginx', () => startNginx(home));
    const context = openContext(home, ROOT);
    printUnsetForInstall(context);
    const dead = isLocked(home) ? null : context.journal.active();
    await phase('deployer', () => startDeployerAndWait(home, ROOT));
    const { serving, failed } = await makeLive(context, dead);
    if (serving) await checkVersion(config.http.port, serving);
    if (serving === null) return reportFailure(context, null, failed);
    if (failed && failed.commit !== serving.commit) return reportFailure(context, serving, failed);
    if (failed) printLine(`! it was started after a first attempt had failed: ${failed.cause}`);
    await printLive(home, config, serving);
    printDrift(context, serving);
    started = { ...placeOf(home, config), serving, ranAlready: false, changes: [] };
  } catch (error) {
    // a failed first start stops everything; later, nginx and the deployer stay for a push or a rollback
    if (!wasEverLive(home)) await stopEverything(home, config);
    throw error;
  }
  await repairMirror(home, config);
  await printSourceProblem(home, config);
  if (refused) throw refused;
  return started;
}

function placeOf(home: Home, config: Config): Pick<Started, 'url' | 'home' | 'push'> {
  return { url: urlOf(config), home: home.dir, push: config.source === null ? sshUrl(home) : null };
}

/**
 * Why a running nginx rejects the new configuration and keeps its own; null otherwise. Throws if nginx cannot start.
 */
async function startNginx(home: Home): Promise<KnownError | null> {
  const server = serverOf(home) as Server;
  const ran = server.nginxRuns();
  const result = await applyToNginx(server);
  if (!(result instanceof KnownError)) return null;
  if (!ran) throw result;
  return result;
}

function wasEverLive(home: Home): boolean {
  if (!Journal.exists(home)) return false;
  const journal = Journal.open(home);
  const live = journal.lastLive();
  journal.close();
  return live !== null;
}

/** If a part is still running, the rest starts with that part's settings, because it cannot move to other ports. */
async function possible(home: Home): Promise<RequestedSettings> {
  const ours = (await serverOf(home)?.portsInUse()) ?? [];
  if (ours.length === 0) return requestedSettings(home, process.env);
  printPendingSettings(home);
  return requestedWhileRunning(home, process.env);
}

async function applyChanges(home: Home, serving: Serving): Promise<Started> {
  printPendingSettings(home);
  printPendingSecret(home, process.env.WEBHOOK_SECRET);
  const { config, changes, refused } = await update(home, serving.commit);
  printLine(liveLine(serving, config));
  const done = changes.length > 0 ? changes.join(', ') : words().nothingChanged;
  printLine(`  ${words().ranAlready(done)}`);
  const context = openContext(home, ROOT);
  printDrift(context, serving);
  printUnsetForInstall(context);
  await printUndeployedHead(serving);
  await repairMirror(home, config);
  await printSourceProblem(home, config);
  if (refused) throw refused;
  return { ...placeOf(home, config), serving, ranAlready: true, changes };
}
