/** The real engine, for tests: names of their own, and nothing left of a home. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { DATA_IN_CONTAINER } from '../../deploy/runtimes/compose/definitions';
import { LABEL, removeContainer } from '../../deploy/runtimes/compose/containers';
import { askEngineJson } from '../../deploy/runtimes/compose/engine-api';
import { processesWith } from '../../deploy/os/process-table';

/** The image that everything is built on. */
export const BASE_IMAGE = 'node:24-bookworm-slim';

/** For APP_NAME: the engine has each name once. */
export function ownName(): string {
  return `test-${randomBytes(4).toString('hex')}`;
}

/** The names of a home's images and containers, those of single commands too. */
export async function inEngine({
  dir,
}: Pick<Home, 'dir'>): Promise<{ images: string[]; containers: string[] }> {
  const containers = await find<{ Names: string[] }>('containers', dir);
  const images = await find<{ Id: string; RepoTags: string[] | null }>('images', dir);
  return {
    images: images.flatMap(({ Id, RepoTags }) => RepoTags ?? [Id]).sort(),
    containers: containers.flatMap(({ Names }) => Names).sort(),
  };
}

/** What a process of a slot calls pid counts in its container only. Throws for one that has ended. */
export function hostPid(instance: string, pid: number): number {
  const found = processesWith('SWITCHYARD_INSTANCE', instance).find((each) => pidInside(each.pid) === pid);
  if (!found) throw new Error(`process ${pid} of ${instance} has ended`);
  return found.pid;
}

/** What runs in a home's containers: there the shared folder is mounted, and nowhere else. */
export function processesInContainers({ shared }: Pick<Home, 'shared'>): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const place = mountOf(shared);
  const isData = (line: string): boolean => {
    const [, , device, folder, at] = line.split(' ');
    return at === DATA_IN_CONTAINER && device === place.device && folder === place.folder;
  };
  return pids.filter((pid) => procFile(pid, 'mountinfo').split('\n').some(isData)).map(Number);
}

/** Where a folder is, as a container's mounts name it: its device, and its path in the file system of that device. */
function mountOf(dir: string): { device: string; folder: string } {
  const mounts = procFile('self', 'mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, , device = '', root = '', at = '']) => ({ device, root, at }))
    .filter(({ at }) => at !== '' && `${dir}/`.startsWith(at === '/' ? at : `${at}/`));
  // of several mounts on one folder the last one counts
  const { device, root, at } = mounts.reduce((best, each) =>
    each.at.length >= best.at.length ? each : best,
  );
  return { device, folder: path.join(root, path.relative(at, dir)) };
}

/** Removes every container and image of a home, whatever state they are in. */
export async function removeAllOf({ dir }: Pick<Home, 'dir'>): Promise<void> {
  for (const { Id } of await find<{ Id: string }>('containers', dir)) await removeContainer(Id);
  for (const { Id } of await find<{ Id: string }>('images', dir)) {
    await askEngineJson({ method: 'DELETE', path: `/images/${Id}?force=true`, limitMs: 60_000 });
  }
}

async function find<T>(what: 'containers' | 'images', home: string): Promise<T[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.home}=${home}`] }));
  return (await askEngineJson<T[]>({ path: `/${what}/json?all=true&filters=${filters}` })) ?? [];
}

/** The last of its numbers, one for each namespace that it is in. */
function pidInside(pid: number): number {
  return Number(/^NSpid:.*?(\d+)$/m.exec(procFile(pid, 'status'))?.[1]);
}

/** Empty when the process has ended or belongs to somebody else. */
function procFile(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
