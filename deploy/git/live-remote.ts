/** Manages the clone's remote `live`, which points `git push live main` to push.git. */
import type { Home } from '../home/home';
import { hostname, userInfo } from 'node:os';
import { gitIn } from './git';

export type LiveRemote = 'added' | 'there' | { elsewhere: string };

/** Adds the remote if the clone has none. A user's own `live` that points elsewhere stays and is reported. */
export async function ensureLiveRemote(home: Home, root: string): Promise<LiveRemote> {
  const url = await liveUrl(root);
  if (url === home.pushGit) return 'there';
  if (url !== null) return { elsewhere: url };
  await gitIn(root).addRemote('live', home.pushGit);
  return 'added';
}

/** The URL of the clone's remote `live`; null if it has none. */
export async function liveUrl(root: string): Promise<string | null> {
  const { all } = await gitIn(root).listConfig('local');
  return [all['remote.live.url'] ?? []].flat().at(-1) ?? null;
}

/** The address of push.git for a clone on another machine: over SSH, as the owner of push.git. */
export function sshUrl({ pushGit }: Pick<Home, 'pushGit'>): string {
  return `ssh://${userInfo().username}@${hostname()}${encodeURI(pushGit)}`;
}
