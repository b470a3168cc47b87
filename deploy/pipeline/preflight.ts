/**
 * Checks free disk and memory before a deployment starts anything, because running out midway would also break the live
 * release. A plan that starts no process, such as a warm rollback, always passes.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../config/load';
import { configFileName } from '../config/file';
import { KnownError } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import type { Demand } from '../core/capacity';
import { parseSize, fits, isFull, memoryOfPlan, shortageSentence } from '../core/capacity';
import type { Deployment } from '../core/deployment';
import type { Observed, Plan } from '../core/plan';
import type { Commit } from '../core/release';
import { availableMemory, freeInodes, freeOnDisk, memoryOf, sameDisk } from '../os/resources';
import { inodeHint } from '../os/disk-failure';
import type { DeployContext } from '../context';
import { sizeOfData } from './steps/data-snapshot';
import { pruneNow } from '../prune/prune';
import { hasPackagesOf } from '../release/packages/install';
import { sizeOfRelease, sizeWithoutLinks } from '../release/size';
import { tempFoldersElsewhere } from '../traffic/temp-folders';

/** Bytes for the first release, which has no predecessor to measure: a framework's node_modules and a build. */
const FIRST_ESTIMATE = 250 * 1024 ** 2;

/** Inodes for a release whose packages are hard-linked. */
export const FEWEST_INODES = 1000;

/** The release that the deployment needs. */
export interface WantedRelease {
  commit: Commit;
  environment: number;
  /** True if it need not be built. */
  isBuilt: boolean;
}

/** Throws E_NO_ROOM. If the disk is short of space, prunes first. */
export async function preflight(
  context: DeployContext,
  deployment: Pick<Deployment, 'kind' | 'trigger'>,
  wanted: WantedRelease,
  observed: Observed,
  plan: Plan,
): Promise<void> {
  // users have no server until the release runs, so it is always worth trying
  if (isRevival(deployment) || plan.every(({ step }) => step.do !== 'start')) return;
  mustBufferInNginx(context);
  const copies = plan.some(({ step }) => step.do === 'migrate') ? sizeOfData(context.home) : 0;
  if (!wanted.isBuilt || copies > 0) await mustFitOnDisk(context, wanted, observed, copies);
  mustFitInMemory(context, observed, plan);
}

/** @param copies bytes of the data, which is copied before a migration */
async function mustFitOnDisk(
  context: DeployContext,
  { commit, environment, isBuilt }: WantedRelease,
  observed: Observed,
  copies: number,
): Promise<void> {
  const serving = servingCommit(context, observed);
  // assume the size of the live release
  let needs = copies + (isBuilt ? 0 : (sizeOfRelease(context.home, serving) ?? FIRST_ESTIMATE));
  const short = (): { disk: string; demand: Demand } | undefined => shortDisk(context, needs);
  if (short()) await pruneNow(context);
  // checked last, because it is slow: packages that are already stored are linked and take no space
  if (short() && (await hasPackagesOf(context.home, commit, environment))) {
    needs = Math.min(needs, copies + ((await sizeWithoutLinks(context.home, serving)) ?? needs));
  }
  const found = short();
  if (!found) return mustHaveInodes(context);
  throw new KnownError(
    'E_NO_ROOM',
    shortageSentence(`The disk of ${found.disk}`, 'a release', found.demand),
    `See what fills it: du -xh ${found.disk} | sort -h | tail; or keep less: "keep" and "room.disk" in ${configFileName(context.root)}.`,
  );
}

/** On a full disk users' large requests fail, whatever the release does. */
function mustBufferInNginx({ home }: DeployContext): void {
  const full = tempFoldersElsewhere(home).find((folder) => isFull(freeOnDisk(folder)));
  if (full === undefined) return;
  throw new KnownError(
    'E_NO_ROOM',
    `The disk of ${full} is full: nginx cannot keep large requests there.`,
    `See what fills it: du -xh ${full} | sort -h | tail`,
  );
}

/** Linked packages need no inodes, except for their folders; the commit's files do. */
function mustHaveInodes(context: DeployContext): void {
  for (const disk of disksFor(context)) {
    const free = freeInodes(disk);
    if (free === null || free >= FEWEST_INODES) continue;
    throw new KnownError(
      'E_NO_ROOM',
      `The disk of ${disk} has ${free} inodes left: a release needs about ${FEWEST_INODES}.`,
      inodeHint(disk),
    );
  }
}

function servingCommit({ journal }: DeployContext, { table, slots }: Observed): Commit {
  return slots.find(({ slot }) => slot === table.active)?.commit ?? journal.lastLive()?.to?.commit ?? '';
}

function shortDisk(context: DeployContext, needs: number): { disk: string; demand: Demand } | undefined {
  const keep = parseSize(context.config.room.disk);
  return disksFor(context)
    .map((disk) => ({ disk, demand: { free: freeOnDisk(disk), needs, keep } }))
    .find(({ demand }) => !fits(demand));
}

/** The disks a release is written to: the home's, and the one that holds the engine's images. */
function disksFor({ home, config }: Pick<DeployContext, 'home' | 'config'>): string[] {
  const images = imagesOf(config);
  return images === null || sameDisk(home.dir, images) ? [home.dir] : [home.dir, images];
}

function imagesOf({ runtime }: Config): string | null {
  if (runtime !== 'compose') return null;
  const root = dataRoot('/etc/docker/daemon.json') ?? '/var/lib/docker';
  return existsSync(root) ? root : null;
}

function dataRoot(file: string): string | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { 'data-root'?: string })['data-root'] ?? null;
  } catch {
    return null; // an engine with default settings has no such file
  }
}

/** Assumes that each new process uses as much memory as the active one. Deducts processes that the plan stops first. */
function mustFitInMemory({ root, config }: DeployContext, { table, slots }: Observed, plan: Plan): void {
  const used = new Map(slots.map(({ slot, pid }) => [slot, memoryOf(pid ?? 0)]));
  const each = used.get(table.active ?? '') ?? 0;
  const demand: Demand = {
    free: availableMemory(),
    needs: memoryOfPlan(plan, used, each),
    keep: parseSize(config.room.memory),
  };
  if (fits(demand)) return;
  throw new KnownError(
    'E_NO_ROOM',
    shortageSentence('The memory', 'a second copy of the app', demand),
    `See what uses it: ps aux --sort -rss | head; or keep less free: "room.memory" in ${configFileName(root)}.`,
  );
}
