import type { Commit } from '../../deploy/core/release';
import type { Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { poll } from '../../deploy/deployer/poll-source';
import type { Request } from '../../deploy/journal/journal';
import type { DeployContext } from '../../deploy/context';
import { homeAndClone, type Repository } from '../support/repository';

let home: Home;
let clone: Repository;
let journal: Journal;

beforeEach(async () => {
  ({ home, clone } = homeAndClone());
  const first = clone.commit();
  clone.git('clone', '--quiet', '--bare', clone.dir, home.pushGit);
  journal = Journal.open(home);
  await journal.prepare();
  await journal.saw(home.pushGit, 'main', first);
});
afterEach(() => journal.close());

/** Commits, and the commit is in the source; its webhook is on its way. */
function push(): Commit {
  const commit = clone.commit();
  clone.git('push', '--quiet', home.pushGit, 'main');
  return commit;
}

/** A turn of the poll, and what it has asked for. @param looked called at each of its looks, which then knows the tip */
async function turn(looked: (times: number) => void): Promise<Request[]> {
  const asked: Request[] = [];
  let looks = 0;
  jest.spyOn(journal, 'pending').mockImplementation(() => {
    looked(++looks);
    return [];
  });
  const request = (each: Request): Promise<never> => {
    asked.push(each);
    return Promise.resolve(undefined as never);
  };
  await poll({ home, root: clone.dir, journal } as DeployContext, request);
  return asked;
}

it('deploys a push whose webhook does not come', async () => {
  push();
  expect(await turn(() => undefined)).toMatchObject([{ kind: 'deploy', trigger: 'poll', branch: 'main' }]);
});

it('gives a push that came while it waited for the webhook of another as long', async () => {
  let second = push();
  const asked = await turn((times) => {
    if (times === 1) second = push();
    // now its webhook has come
    if (times === 2) void journal.saw(home.pushGit, 'main', second);
  });
  expect(asked).toEqual([]);
});
