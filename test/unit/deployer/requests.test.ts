import path from 'node:path';
import { Journal } from '../../../deploy/journal/journal';
import { createRequests } from '../../../deploy/deployer/requests';
import { afterwards, tempHome } from '../../support/temp-home';

test('a request is in the journal before the dispatcher is woken', async () => {
  const dir = tempHome();
  const journal = Journal.open({ journal: path.join(dir, 'journal.db'), dir });
  afterwards(() => journal.close());
  await journal.prepare();
  const pending: number[] = [];
  const request = createRequests({ journal }, () => pending.push(journal.pending().length));

  const deployment = await request({ kind: 'deploy', trigger: 'webhook', branch: 'main' });

  expect(deployment).toMatchObject({ state: 'queued', strategy: null, branch: 'main' });
  expect(pending).toEqual([1]);
});
