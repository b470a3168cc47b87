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
  await journal.recordTip(home.pushGit, 'main', first);
});
afterEach(() => journal.close());

/** Commits and pushes to the source, with the webhook still on its way. */
function push(): Commit {
  const commit = clone.commit();
  clone.git('push', '--quiet', home.pushGit, 'main');
  return commit;
}

/** Runs the poll once and returns its requests. @param onCheck called at each check, after the tip is known */
async function runPoll(onCheck: (count: number) => void): Promise<Request[]> {
  const requests: Request[] = [];
  let checks = 0;
  jest.spyOn(journal, 'pending').mockImplementation(() => {
    onCheck(++checks);
    return [];
  });
  const request = (each: Request): Promise<never> => {
    requests.push(each);
    return Promise.resolve(undefined as never);
  };
  await poll({ home, root: clone.dir, journal } as DeployContext, request);
  return requests;
}

it('the poll deploys a push whose webhook does not arrive', async () => {
  push();
  expect(await runPoll(() => undefined)).toMatchObject([{ kind: 'deploy', trigger: 'poll', branch: 'main' }]);
});

it('the poll waits as long for the webhook of a push that arrives during its wait', async () => {
  let second = push();
  const requests = await runPoll((count) => {
    if (count === 1) second = push();
    // its webhook has arrived
    if (count === 2) void journal.recordTip(home.pushGit, 'main', second);
  });
  expect(requests).toEqual([]);
});
