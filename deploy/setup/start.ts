/**
 * `npm start`, once the packages and nginx are there: prepares the home, starts what does not run, and makes
 * HEAD live the first time, or what was live the time before.
 */
import { currentBranch, resolveRef, uncommittedCount } from '../git/clone';
import { ensureLiveRemote } from '../git/live-remote';
import { behindStory } from '../core/behind';
import { short } from '../core/format';
import type { Config, Settings } from '../config';
import { loadConfig, settingsFrom } from '../config';
import { configFileName } from '../config-file';
import { keptSettings, readSettings } from '../settings';
import { isLocked } from '../lock';
import type { Home } from '../home';
import { rememberHome, resolveHome } from '../home';
import { checkSecret, readSecret } from '../secret';
import { behindNow, servingNow } from '../serving';
import type { Serving } from '../core/types';
import type { Yard } from '../yard';
import { checkNotifyUrl, keepNotifyUrl } from '../notify/targets';
import { openYard } from '../yard';
import { ROOT } from '../commands/desk';
import { checkSettings } from './settings';
import { makeLive } from './first-release';
import { makeHome, prepareGit, prepareHome } from './prepare-home';
import { serverOf } from './server';
import { checkMoved } from './moved';
import { checkEngine } from './engine';
import { checkPorts } from './ports';
import { rescueJournal } from './rescue-journal';
import { checkVersion } from './check-version';
import { startDeployerAndWait } from './deployer';
import { phase, say } from './say';
import { stopEverything } from './stop';
import { inTurn } from './turn';

export async function startCommand(): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  await resolveRef(ROOT, 'HEAD');
  await checkMoved(home, ROOT);
  const settings = { ...keptSettings(home.settings), ...settingsFrom(process.env) };
  const wanted = loadConfig(ROOT, settings);
  const { NOTIFY_URL } = process.env;
  checkNotifyUrl(NOTIFY_URL);
  await rescueJournal(home, wanted);
  const serving = await alreadyServing(home);
  if (!serving) makeHome(home);
  keepNotifyUrl(home, NOTIFY_URL);
  if (serving) return sayNothingChanged(home, wanted, serving);
  await inTurn(home, () => startUp(home, wanted, settings));
  return 0;
}

/** What serves when all of it runs: nginx, the deployer and the active slot. */
async function alreadyServing(home: Home): Promise<Serving | null> {
  const server = serverOf(home);
  if (server === null || !(await server.allRuns())) return null;
  return servingNow(openYard(home, ROOT));
}

async function startUp(home: Home, wanted: Config, given: Settings): Promise<void> {
  const served = (await serverOf(home)?.serves()) ?? false;
  await checkEngine(home, wanted);
  const { config, settings } = await possible(home, wanted, given);
  await checkPorts(home, config, settings);
  await phase('home', () => prepareHome(home, ROOT, config, settings, process.env.WEBHOOK_SECRET));
  rememberHome(ROOT, home, process.env);
  await sayUncommitted();
  try {
    await phase('nginx', async () => serverOf(home)?.startNginx());
    const yard = openYard(home, ROOT);
    const dead = isLocked(home) ? null : yard.journal.active();
    await phase('deployer', () => startDeployerAndWait(home, ROOT));
    const serving = await makeLive(yard, dead);
    await checkVersion(config.http.port, serving);
    await sayLive(home, config, serving);
    sayWhetherBehind(yard, serving);
  } catch (error) {
    // nothing half-made stays behind; but who had answers before keeps them
    if (!served) await stopEverything(home, config);
    throw error;
  }
}

interface Possible {
  config: Config;
  settings: Settings;
}

/** Where a part of it still runs, the rest is started as that part was: it cannot move to other ports. */
async function possible(home: Home, wanted: Config, given: Settings): Promise<Possible> {
  const ours = (await serverOf(home)?.portsInUse()) ?? [];
  if (ours.length === 0) return { config: wanted, settings: given };
  sayWhatWaits(home, wanted);
  return {
    config: loadConfig(ROOT, readSettings(home.settings)),
    settings: keptSettings(home.settings),
  };
}

function sayWhatWaits(home: Home, wanted: Config): void {
  const given = settingsFrom(process.env);
  for (const line of checkSettings(readSettings(home.settings), given, wanted, configFileName(ROOT)))
    say(line);
}

function sayWhetherSecretWaits(home: Home, given: string | undefined): void {
  if (given === undefined || checkSecret(given) === readSecret(home)) return;
  say('! this WEBHOOK_SECRET counts from the next start on: npm stop && WEBHOOK_SECRET=… npm start');
}

async function sayNothingChanged(home: Home, wanted: Config, serving: Serving): Promise<number> {
  const yard = openYard(home, ROOT);
  const { config } = yard;
  sayWhatWaits(home, wanted);
  sayWhetherSecretWaits(home, process.env.WEBHOOK_SECRET);
  await prepareGit(home, ROOT, config);
  say(`✓ v${serving.version} ${short(serving.commit)} is live on ${serving.slot}   ${urlOf(config)}`);
  say('  it was running already: nothing was changed');
  sayWhetherBehind(yard, serving);
  await sayWhetherHeadWaits(serving);
  return 0;
}

async function sayWhetherHeadWaits(serving: Serving): Promise<void> {
  const head = await resolveRef(ROOT, 'HEAD');
  if (head !== serving.commit)
    say(`  ${short(head)}, where this clone stands, is not live: npm run -s deploy`);
}

function sayWhetherBehind(yard: Yard, serving: Serving): void {
  const behind = behindNow(yard, serving);
  if (behind) say(`! ${behindStory(behind)}`);
}

async function sayUncommitted(): Promise<void> {
  const count = await uncommittedCount(ROOT);
  if (count > 0)
    say(`! ${count} changed file${count === 1 ? ' is' : 's are'} not in this version (git commit first)`);
}

async function sayLive(home: Home, config: Config, serving: Serving): Promise<void> {
  say(`✓ v${serving.version} ${short(serving.commit)} is live on ${serving.slot}   ${urlOf(config)}`);
  say('  it runs in the background (npm stop ends it)');
  await sayWhetherHeadWaits(serving);
  say(`Next: change a line in app/, then  git commit -am hello && ${await pushLine(home, config)}`);
}

async function pushLine(home: Home, { source, branch }: Config): Promise<string> {
  if (source !== null) return `git push origin ${branch}`;
  const here = await currentBranch(ROOT);
  const remote = typeof (await ensureLiveRemote(home, ROOT)) === 'object' ? home.pushGit : 'live';
  return `git push ${remote} ${here === branch ? branch : `HEAD:${branch}`}`;
}

function urlOf({ http }: Config): string {
  return `http://localhost:${http.port}`;
}
