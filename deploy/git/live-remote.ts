/** The clone's remote `live`, by which `git push live main` finds push.git. */
import type { Home } from '../home/home';
import { gitIn } from './git';

export type LiveRemote = 'added' | 'there' | { elsewhere: string };

/** Adds the remote if the clone has none. A person's own `live` that leads elsewhere is left alone, and told. */
export async function ensureLiveRemote(home: Home, root: string): Promise<LiveRemote> {
  const url = await liveUrl(root);
  if (url === home.pushGit) return 'there';
  if (url !== null) return { elsewhere: url };
  await gitIn(root).addRemote('live', home.pushGit);
  return 'added';
}

/** Where the clone's remote `live` leads to; null when it has none. */
export async function liveUrl(root: string): Promise<string | null> {
  const { all } = await gitIn(root).listConfig('local');
  return [all['remote.live.url'] ?? []].flat().at(-1) ?? null;
}
