import { untilBranchFollows } from '../../../deploy/client/follow';
import { homeAt, type Home } from '../../../deploy/home/home';
import { takeLock } from '../../../deploy/journal/deployment-lock';
import { Journal } from '../../../deploy/journal/journal';
import { machineMs } from '../../../deploy/os/machine-clock';
import { afterwards, tempHome } from '../../support/temp-home';

let home: Home;
let journal: Journal;

beforeEach(async () => {
  home = homeAt(tempHome());
  journal = Journal.open(home);
  afterwards(() => journal.close());
  await journal.prepare();
});

/** How long a client of a deployment that is over waits for push.git, in milliseconds. */
async function waited(): Promise<number> {
  const begun = machineMs();
  await untilBranchFollows(home, journal);
  return machineMs() - begun;
}

it('a client waits for push.git as long as the process of its deployment is alive', async () => {
  const lock = await takeLock(home);
  setTimeout(() => lock.release(), 300);
  expect(await waited()).toBeGreaterThanOrEqual(290);
});

it('a client does not wait for push.git while the process of another deployment is alive', async () => {
  const lock = await takeLock(home);
  afterwards(() => lock.release());
  const { id } = await journal.request({ kind: 'deploy', trigger: 'push', branch: 'main' });
  await journal.move(id, 'running');
  expect(await waited()).toBeLessThan(1000);
});
