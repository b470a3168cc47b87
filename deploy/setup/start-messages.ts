/** Prints the result of `npm start`, and the changes that only another start applies. */
import { nextNumber, variablesFor } from '../config/app-environment';
import { npmrcIn, unsetForInstall } from '../release/inputs';
import { howToSet } from '../release/packages/install-failure';
import { readSettings } from '../config/saved-settings';
import { checkSettings } from '../config/pending-settings';
import { type Config } from '../config/load';
import { settingsFrom, settingsRemovedBy } from '../config/settings';
import { configFileName } from '../config/file';
import type { DeployContext } from '../context';
import type { KnownError } from '../core/errors';
import { asError } from './first-release';
import type { Deployment } from '../core/deployment';
import { named, short } from '../core/format';
import type { Serving } from '../core/slot';
import { requestedSettings } from './requested-settings';
import type { Home } from '../home/home';
import { ROOT } from '../home/clone-root';
import { printLine } from './say';
import { portInUse } from '../os/port-holder';
import { existsSync } from 'node:fs';
import { checkSecret, isStoredSecret } from '../home/webhook-secret';
import { currentBranch, resolveRef, uncommittedFiles } from '../git/clone';
import { driftSummary, uncommittedLine } from '../reporters/phrases';
import { words } from '../reporters/words';
import { driftNow } from '../health/serving';
import { ensureLiveRemote, sshUrl } from '../git/live-remote';

/** Where the machine accepts pushes from others. */
const SSH_PORT = 22;

/** Prints the failure, and returns it. The last line states what users get, and why. */
export function reportFailure(
  { config }: DeployContext,
  serving: Serving | null,
  failed: Deployment,
): KnownError {
  const { hint, errorCode, commit, version, cause } = failed;
  const wanted = commit === null ? 'what was live' : named({ commit, version: version ?? '?' });
  if (hint) printLine(`  ${hint} [${errorCode}]`);
  printLine('  nginx and the deployer are running: push a commit that starts, or try again with npm start');
  if (serving)
    printLine(
      `✗ ${named(serving)} is live on ${serving.slot} (${urlOf(config)}), and not ${wanted}, which did not start: ${cause}`,
    );
  else
    printLine(`✗ No release is live, and users get the maintenance page: ${wanted} did not start: ${cause}`);
  return asError(failed);
}

export function printPendingSettings(home: Home): void {
  const { config: wanted } = requestedSettings(home, process.env);
  const given = settingsFrom(process.env);
  const removed = settingsRemovedBy(process.env);
  const lines = checkSettings(readSettings(home.settings), given, wanted, removed, configFileName(ROOT));
  for (const line of lines) printLine(line);
}

export function printPendingSecret(home: Home, given: string | undefined): void {
  if (given === undefined || !existsSync(home.secret) || isStoredSecret(home, given)) return;
  checkSecret(given);
  printLine('! this WEBHOOK_SECRET takes effect at the next start: npm stop && WEBHOOK_SECRET=… npm start');
}

/** Warns about variables that `.npmrc` needs: the install of a release does not inherit the user's shell. */
export function printUnsetForInstall({ home, journal }: DeployContext): void {
  const set = variablesFor(home, nextNumber(home, journal), 'install');
  for (const name of unsetForInstall([npmrcIn(ROOT)], set))
    printLine(`! .npmrc refers to ${name}, which is not set for the install: ${howToSet(name)}`);
}

export async function printUndeployedHead(serving: Serving): Promise<void> {
  const head = await resolveRef(ROOT, 'HEAD');
  if (head !== serving.commit) printLine(`  ${words().headIsNotLive(short(head))}`);
}

export function printDrift(context: DeployContext, serving: Serving): void {
  const behind = driftNow(context, serving);
  if (behind) printLine(`! ${driftSummary(behind)}`);
}

export async function printUncommitted(): Promise<void> {
  const line = uncommittedLine(await uncommittedFiles(ROOT));
  if (line !== null) printLine(line);
}

async function pushLine(home: Home, { source, branch }: Config): Promise<string> {
  if (source !== null) return `git push origin ${branch}`;
  const here = await currentBranch(ROOT);
  const remote = typeof (await ensureLiveRemote(home, ROOT)) === 'object' ? home.pushGit : 'live';
  return `git push ${remote} ${here === branch ? branch : `HEAD:${branch}`}`;
}

export async function printLive(home: Home, config: Config, serving: Serving): Promise<void> {
  printLine(liveLine(serving, config));
  printLine(`  ${words().background}`);
  await printUndeployedHead(serving);
  printLine(words().next(await pushLine(home, config)));
  if (config.source === null && portInUse(SSH_PORT)) printLine(words().fromElsewhere(sshUrl(home)));
}

/** `✓ v1.2.0 a1b2c3d is live on green   http://localhost:8000`. */
export function liveLine({ version, commit, slot }: Serving, config: Config): string {
  return `✓ ${words().isLive(`v${version} ${short(commit)}`, slot, urlOf(config))}`;
}

export function urlOf({ http }: Config): string {
  return `http://localhost:${http.port}`;
}
