/**
 * Rebuilds an unusable journal while nginx and the slots keep serving. Uses its readable rows, then the running
 * processes, so that the same release stays live. Keeps the broken files.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/load';
import { slotsOf } from '../config/load';
import { KnownError } from '../core/errors';
import { plural } from '../core/format';
import type { Commit } from '../core/release';
import type { RunningSlot, SlotName } from '../core/slot';
import type { Home } from '../home/home';
import { journalCondition, journalFiles, removedFiles } from '../journal/condition';
import { Journal } from '../journal/journal';
import { salvage } from '../journal/salvage';
import { newestFirst } from '../os/newest';
import { commitOfName, findRelease } from '../release/releases';
import { createRuntime } from '../runtimes';
import { lastLines } from '../os/tail';
import { stopDeployer } from '../runtimes/pm2/deployer';
import { slotLog } from '../runtimes/slot-log';
import { linkedTable } from '../traffic/table-folder';
import { ROOT } from '../home/clone-root';
import { printLine } from './say';
import { killDeployment } from './stop';
import { withSetupLock } from '../journal/setup-lock';

const LOG_LINES = 5000;
const PRIVATE = 0o700;
const ASIDE = 'journal-broken-';
/** The copy to read from, inside that folder. It exists until the rebuild is complete. */
const READING = 'reading';
const JOURNAL = 'journal.db';

/**
 * Does nothing for a home that was never started and for an intact journal. Throws E_JOURNAL or E_READ_ONLY for a
 * journal that this user may not open or that a newer kit has written.
 */
export async function rescueJournal(home: Home, config: Config): Promise<void> {
  if (!existsSync(home.settings)) return;
  const unfinished = asideFolders(home).find((folder) => existsSync(path.join(folder, READING)));
  if (unfinished !== undefined) {
    return withSetupLock(home, () => rebuild(home, config, unfinished, 'an earlier rebuild was cut off'));
  }
  const condition = journalCondition(home);
  if (condition.is === 'refused') throw condition.error;
  if (condition.is === 'whole') return;
  await withSetupLock(home, async () => rebuild(home, config, await putAside(home, config), condition.why));
}

/** Moves the broken files into a new folder, with a copy to read from. Returns the folder. */
async function putAside(home: Home, config: Config): Promise<string> {
  const [last] = asideFolders(home);
  const aside = path.join(home.dir, `${ASIDE}${numberOf(last ?? '') + 1}`);
  const copy = path.join(aside, `${READING}.new`);
  mkdirSync(copy, { recursive: true, mode: PRIVATE });
  // a removed file is lost once the process that has it open exits, so it is copied before the stop
  for (const { at, name } of removedFiles(home)) copyFileSync(at, path.join(copy, path.basename(name)));
  await stopDeployer({ home });
  await killDeployment(home, config);
  if (!existsSync(path.join(copy, JOURNAL))) copyJournal(home.journal, copy);
  // an earlier rescue that was killed in this function left the journal only in that rescue's folder
  if (!existsSync(path.join(copy, JOURNAL)) && last) copyJournal(path.join(last, JOURNAL), copy);
  for (const file of journalFiles(home))
    if (existsSync(file)) renameSync(file, path.join(aside, path.basename(file)));
  renameSync(copy, path.join(aside, READING));
  return aside;
}

async function rebuild(home: Home, config: Config, aside: string, why: string): Promise<void> {
  await stopDeployer({ home });
  // the partial result of an interrupted rebuild
  for (const file of journalFiles(home)) rmSync(file, { force: true });
  writeFileSync(home.journal, '', { mode: 0o600 });
  const journal = Journal.open(home);
  await journal.prepare();
  const { deployments, complete } = salvage(path.join(aside, READING, JOURNAL), home.journal);
  await seed(home, config, journal, complete);
  const said = `The journal was rebuilt (${why}); ${plural(deployments, 'deployment')} of it could be read.`;
  await journal.record(null, { type: 'incident', reason: 'journal', message: said });
  journal.close();
  rmSync(path.join(aside, READING), { recursive: true, force: true });
  printLine(`! ${said} The old files are in ${aside}`);
}

/** Adds a row for each slot whose release is missing from the journal, the active slot's last. */
async function seed(home: Home, config: Config, journal: Journal, complete: boolean): Promise<void> {
  await journal.continueAfter(lastLog(home));
  if (!complete) await journal.interruptActive('The journal was damaged while it ran.');
  const { active } = tableOf(home);
  const running = await createRuntime({ home, root: ROOT, config })
    .list()
    .catch((): RunningSlot[] => []);
  if (journal.lastLive() === null) await seedReleases(home, journal);
  const names = slotsOf(config).map(({ name }) => name);
  const inOrder = [...names.filter((name) => name !== active), ...names.filter((name) => name === active)];
  for (const slot of inOrder) {
    const resident = running.find((each) => each.slot === slot) ?? (await fromLog(home, slot));
    if (resident === null || !knows(home, resident.commit)) continue;
    const isLive = slot === active;
    const last = isLive ? journal.lastLive() : journal.lastInSlot(slot);
    if (last?.to?.commit === resident.commit && last.to.slot === slot) continue;
    // a complete journal is right about an idle slot: its release was stopped or never went live
    if (!isLive && complete) continue;
    await journal.adopt({ ...resident, slot, version: findRelease(home, resident.commit)?.version ?? '' });
  }
  if (journal.lastLive() === null) throw unknown(home);
}

/** Adds every built release as a rollback target, ordered by build time as far as that is known. */
async function seedReleases(home: Home, journal: Journal): Promise<void> {
  const names = readdirSync(home.releases).filter((name) => name.endsWith('.json'));
  const files = newestFirst(names.map((name) => path.join(home.releases, name))).reverse();
  for (const commit of files.map((file) => commitOfName(path.basename(file)))) {
    const release = commit === null ? null : findRelease(home, commit);
    if (release) await journal.adopt({ slot: '', commit: release.commit, version: release.version });
  }
}

/** Finds the commit in the last start line of the slot's log, because after a reboot nothing else records it. */
async function fromLog(home: Home, slot: SlotName): Promise<{ commit: Commit } | null> {
  const lines = await lastLines(slotLog(home, slot), LOG_LINES);
  const start = lines.findLast((line) => /^--- \S+ [0-9a-f]{7} starts on port /.test(line));
  const digits = start?.split(' ')[2];
  if (digits === undefined) return null;
  const commits = readdirSync(home.releases).flatMap((name) => commitOfName(name) ?? []);
  const [commit, ...others] = new Set(commits.filter((each) => each.startsWith(digits)));
  return commit !== undefined && others.length === 0 ? { commit } : null;
}

function knows(home: Home, commit: Commit): boolean {
  return findRelease(home, commit) !== null;
}

/** Without a trace of the live release, an operator must decide, because no other commit may go live instead. */
function unknown(home: Home): KnownError {
  return new KnownError(
    'E_JOURNAL',
    'Neither the journal, the slots nor their logs show which release was live.',
    `List the releases: ls -t ${home.releases}/*.json`,
  );
}

function tableOf(home: Home): { active: SlotName | null } {
  try {
    return linkedTable(home);
  } catch {
    return { active: null };
  }
}

function copyJournal(journal: string, folder: string): void {
  for (const file of journalFiles({ journal }).slice(0, 2))
    if (existsSync(file) && statSync(file).size > 0)
      copyFileSync(file, path.join(folder, path.basename(file)));
}

/** The folders with broken journals, newest first. */
function asideFolders({ dir }: Home): string[] {
  const names = readdirSync(dir).filter((name) => name.startsWith(ASIDE));
  return names.sort((a, b) => numberOf(b) - numberOf(a)).map((name) => path.join(dir, name));
}

function numberOf(folder: string): number {
  return Number(path.basename(folder).slice(ASIDE.length)) || 0;
}

/** The highest deployment number with a log; 0 without any. */
function lastLog({ logs }: Home): number {
  const names = existsSync(logs) ? readdirSync(logs) : [];
  return Math.max(0, ...names.map((name) => Number(/^deployment-(\d+)\.log/.exec(name)?.[1] ?? 0)));
}
