/**
 * `npm start`, once the packages and nginx are there: prepares the home, starts what does not run, and makes
 * HEAD live the first time, or what was live the time before.
 */
import { currentBranch, resolveRef, uncommittedCount } from '../git/clone';
import { short } from '../core/format';
import type { Config, Settings } from '../config';
import { loadConfig, readSettings, settingsFrom } from '../config';
import type { Home } from '../home';
import { rememberHome, resolveHome } from '../home';
import { tryLock } from '../lock';
import { KnownError } from '../core/errors';
import { servingNow } from '../serving';
import type { Serving } from '../core/types';
import { openYard } from '../yard';
import { ROOT } from '../commands/desk';
import { checkSettings } from './settings';
import { makeLive } from './first-release';
import { prepareHome } from './prepare-home';
import { serverOf } from './server';
import { checkPorts } from './ports';
import { checkVersion } from './check-version';
import { startDeployerAndWait } from './deployer';
import { phase, say } from './say';
import { stopEverything } from './stop';

export async function startCommand(): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  await resolveRef(ROOT, 'HEAD');
  const kept = readSettings(home.settings);
  const settings = { ...kept, ...settingsFrom(process.env) };
  const config = loadConfig(ROOT, settings);
  const serving = await alreadyServing(home);
  if (serving) return sayNothingChanged(home, kept, serving);
  await startUp(home, config, settings);
  return 0;
}

/** What serves when all of it runs: nginx, the deployer and the active slot. */
async function alreadyServing(home: Home): Promise<Serving | null> {
  const server = serverOf(home);
  if (server === null || !(await server.allRuns())) return null;
  return servingNow(openYard(home, ROOT));
}

async function startUp(home: Home, config: Config, settings: Settings): Promise<void> {
  const served = (await serverOf(home)?.serves()) ?? false;
  await checkPorts(home, config, settings);
  await phase('home', () => prepareHome(home, ROOT, config, settings, process.env.WEBHOOK_SECRET));
  rememberHome(ROOT, home, process.env);
  const lock = tryLock({ lock: `${home.dir}/start.db` });
  if (!lock) throw new KnownError('E_USAGE', 'Another npm start is at work here.', 'Wait for it to end.');
  const server = serverOf(home);
  try {
    await phase('nginx', async () => server?.startNginx());
    await phase('deployer', () => startDeployerAndWait(home, ROOT));
    await sayUncommitted();
    const serving = await makeLive(openYard(home, ROOT));
    await checkVersion(config.http.port, serving);
    await sayLive(config, serving);
  } catch (error) {
    // nothing half-made stays behind; but who had answers before keeps them
    if (!served) await stopEverything(home, config);
    throw error;
  } finally {
    lock.release();
  }
}

async function sayNothingChanged(home: Home, kept: Settings, serving: Serving): Promise<number> {
  const { config } = openYard(home, ROOT);
  checkSettings(kept, settingsFrom(process.env)).forEach((line) => say(line));
  say(`✓ v${serving.version} ${short(serving.commit)} is live on ${serving.slot}   ${urlOf(config)}`);
  say('  it was running already: nothing was changed');
  const head = await resolveRef(ROOT, 'HEAD');
  if (head !== serving.commit)
    say(`  ${short(head)}, where this clone stands, is not live: npm run -s deploy`);
  return 0;
}

async function sayUncommitted(): Promise<void> {
  const count = await uncommittedCount(ROOT);
  if (count > 0)
    say(`! ${count} changed file${count === 1 ? ' is' : 's are'} not in this version (git commit first)`);
}

async function sayLive(config: Config, serving: Serving): Promise<void> {
  say(`✓ v${serving.version} ${short(serving.commit)} is live on ${serving.slot}   ${urlOf(config)}`);
  say('  it runs in the background (npm stop ends it)');
  say(`Next: change a line in app/, then  git commit -am hello && ${await pushLine(config)}`);
}

async function pushLine({ source, branch }: Config): Promise<string> {
  if (source !== null) return `git push origin ${branch}`;
  const here = await currentBranch(ROOT);
  return here === branch ? `git push live ${branch}` : `git push live HEAD:${branch}`;
}

function urlOf({ http }: Config): string {
  return `http://localhost:${http.port}`;
}
