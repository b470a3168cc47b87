/** A webhook that arrives before the source has the new tip. */
import type { Commit } from '../../deploy/core/release';
import type { DeployContext } from '../../deploy/context';
import type { Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { chooseTip, fetchTip } from '../../deploy/pipeline/choose-commit';
import { homeAndClone, type Repository } from '../support/repository';

jest.setTimeout(60_000);

let home: Home;
let clone: Repository;
let journal: Journal;
let context: DeployContext;
let first: Commit;

beforeEach(async () => {
  ({ home, clone } = homeAndClone());
  first = clone.commit();
  clone.git('clone', '--quiet', '--bare', clone.dir, home.pushGit);
  journal = Journal.open(home);
  await journal.prepare();
  await journal.recordTip(home.pushGit, 'main', first);
  context = { home, journal, config: { source: null } } as unknown as DeployContext;
});
afterEach(() => journal.close());

/** Fetches for a webhook that announces this commit, and chooses. */
async function deployed(expected: Commit): Promise<unknown> {
  const asked = await journal.request({ kind: 'deploy', trigger: 'webhook', branch: 'main', expected });
  const tip = await fetchTip(context, asked, 'main', new AbortController().signal);
  return chooseTip(context, asked, 'main', tip, null);
}

it('a deployment waits some seconds for the announced commit, and deploys it', async () => {
  const second = clone.commit();
  setTimeout(() => clone.git('push', '--quiet', home.pushGit, 'main'), 1500);
  expect(await deployed(second)).toEqual({ commit: second });
});

it('a deployment takes the tip of the source, not the announced commit, when the branch has moved on', async () => {
  const second = clone.commit();
  const third = clone.commit();
  clone.git('push', '--quiet', home.pushGit, 'main');
  expect(await deployed(second)).toEqual({ commit: third });
});

it('a deployment fails as a fault of the machine while the source still has the old tip', async () => {
  await expect(deployed('f'.repeat(40))).rejects.toMatchObject({
    code: 'E_SOURCE',
    fault: 'machine',
    message: `The source still shows ${first.slice(0, 7)}, not fffffff as the webhook announced.`,
  });
  expect(journal.lastTip(home.pushGit, 'main')).toBe(first);
});
