/** The real engine, for tests: names of their own, and nothing left of a home. */
import { randomBytes } from 'node:crypto';
import type { Home } from '../../deploy/home';
import { LABEL, removeContainer } from '../../deploy/runtimes/containers';
import { askEngineJson } from '../../deploy/runtimes/engine-api';

/** The image that everything is built on. */
export const BASE_IMAGE = 'node:24-bookworm-slim';

/** For APP_NAME: the engine has each name once. */
export function ownName(): string {
  return `test-${randomBytes(4).toString('hex')}`;
}

/** Removes every container and image of a home, whatever state they are in. */
export async function removeAllOf({ dir }: Pick<Home, 'dir'>): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.home}=${dir}`] }));
  const find = async (what: string): Promise<string[]> =>
    (
      (await askEngineJson<{ Id: string }[]>({ path: `/${what}/json?all=true&filters=${filters}` })) ?? []
    ).map(({ Id }) => Id);
  for (const id of await find('containers')) await removeContainer(id);
  for (const id of await find('images')) {
    await askEngineJson({ method: 'DELETE', path: `/images/${id}?force=true`, limitMs: 60_000 });
  }
}
