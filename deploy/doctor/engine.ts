/** For container slots: checks that the engine and Compose respond and that containers survive an engine update. */
import { existsSync, readFileSync } from 'node:fs';
import { asRoot } from '../os/as-root';
import { requestEngineJson } from '../runtimes/compose/engine-api';
import { checkEngine } from '../setup/engine';
import type { Judgement } from './finding';
import { ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';
import { ASK_MS } from './timeouts';

/** The engine's own configuration. */
const DAEMON_FILE = '/etc/docker/daemon.json';
const RELOAD = existsSync('/run/systemd/system')
  ? 'systemctl reload docker'
  : 'kill -HUP "$(cat /var/run/docker.pid)"';

/** Returns no findings unless the runtime is Compose. */
export async function checkEngineLink(context: DoctorContext): Promise<Judgement[]> {
  const config = context.ports();
  if (config.runtime !== 'compose') return [];
  // throws E_ENGINE, E_NO_DOCKER, E_NO_COMPOSE, E_NAME_TAKEN
  await checkEngine(context.home(), config);
  const info = await requestEngineJson<{ ServerVersion: string; LiveRestoreEnabled: boolean }>({
    path: '/info',
    limitMs: ASK_MS,
  });
  return judgeEngine(info?.ServerVersion ?? '?', info?.LiveRestoreEnabled ?? false, DAEMON_FILE);
}

/** @param liveRestore whether containers keep running without the engine @param file the engine's configuration */
export function judgeEngine(version: string, liveRestore: boolean, file: string): Judgement[] {
  if (liveRestore) return [ok(`Docker ${version}`)];
  const message = 'When the engine stops or is updated, every container stops with it.';
  const write = liveRestoreIn(file);
  if (write === null)
    return [warning(message, `Add "live-restore": true to ${file}, then: ${asRoot(RELOAD)}`)];
  return [warning(message, `${write} && ${asRoot(RELOAD)}`)];
}

/** The command that adds live-restore to the file's other settings; null if the file cannot be parsed. */
function liveRestoreIn(file: string): string | null {
  let found: object;
  try {
    found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  } catch {
    return null;
  }
  const wanted = { ...found, 'live-restore': true };
  return `printf '%s\\n' ${shellWord(JSON.stringify(wanted))} | ${asRoot(`tee ${shellWord(file)}`)}`;
}
