/** The real Docker engine for tests: unique names, and nothing of a home left behind. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { DATA_IN_CONTAINER } from '../../deploy/runtimes/compose/definitions';
import { LABEL, removeContainer } from '../../deploy/runtimes/compose/containers';
import { requestEngineJson } from '../../deploy/runtimes/compose/engine-api';
import { processesWith } from '../../deploy/os/process-table';

/** The base image of every test image. */
export const BASE_IMAGE = 'node:24-bookworm-slim';

/** A unique APP_NAME, since the engine accepts each name only once. */
export function ownName(): string {
  return `test-${randomBytes(4).toString('hex')}`;
}

/** The names of a home's images and containers, including those of single commands. */
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

/** Translates a pid inside a slot's container to the host's pid. Throws if the process has exited. */
export function hostPid(instance: string, pid: number): number {
  const found = processesWith('SWITCHYARD_INSTANCE', instance).find((each) => pidInside(each.pid) === pid);
  if (!found) throw new Error(`process ${pid} of ${instance} has exited`);
  return found.pid;
}

/** The processes in a home's containers: only there is the shared folder mounted. */
export function processesInContainers({ shared }: Pick<Home, 'shared'>): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const mount = mountOf(shared);
  const isData = (line: string): boolean => {
    const [, , device, folder, at] = line.split(' ');
    return at === DATA_IN_CONTAINER && device === mount.device && folder === mount.folder;
  };
  return pids.filter((pid) => procFile(pid, 'mountinfo').split('\n').some(isData)).map(Number);
}

/** A folder as a container's mounts name it: its device, and its path in that device's file system. */
function mountOf(dir: string): { device: string; folder: string } {
  const mounts = procFile('self', 'mountinfo')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, , device = '', root = '', at = '']) => ({ device, root, at }))
    .filter(({ at }) => at !== '' && `${dir}/`.startsWith(at === '/' ? at : `${at}/`));
  // when several mounts share a folder, the last one applies
  const { device, root, at } = mounts.reduce((best, each) =>
    each.at.length >= best.at.length ? each : best,
  );
  return { device, folder: path.join(root, path.relative(at, dir)) };
}

/** Removes every container and image of a home, in any state. */
export async function removeAllOf({ dir }: Pick<Home, 'dir'>): Promise<void> {
  for (const { Id } of await find<{ Id: string }>('containers', dir)) await removeContainer(Id);
  for (const { Id } of await find<{ Id: string }>('images', dir)) {
    await requestEngineJson({ method: 'DELETE', path: `/images/${Id}?force=true`, limitMs: 60_000 });
  }
}

async function find<T>(what: 'containers' | 'images', home: string): Promise<T[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.home}=${home}`] }));
  return (await requestEngineJson<T[]>({ path: `/${what}/json?all=true&filters=${filters}` })) ?? [];
}

/** The last number in NSpid, which lists one for each pid namespace. */
function pidInside(pid: number): number {
  return Number(/^NSpid:.*?(\d+)$/m.exec(procFile(pid, 'status'))?.[1]);
}

/** Empty if the process has exited or belongs to another user. */
function procFile(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
