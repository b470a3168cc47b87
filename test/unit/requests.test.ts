import path from 'node:path';
import type { Config } from '../../deploy/config';
import { Journal } from '../../deploy/journal/journal';
import { createRequests } from '../../deploy/requests';
import { afterwards, tempHome } from '../support/temp-home';

test('whoever asks, it is in the journal before the dispatcher is woken', async () => {
  const dir = tempHome();
  const journal = Journal.open({ journal: path.join(dir, 'journal.db'), dir });
  afterwards(() => journal.close());
  await journal.prepare();
  const seen: number[] = [];
  const config = { strategy: 'blue-green' } as Config;
  const request = createRequests({ journal, config }, () => seen.push(journal.pending().length));

  const deployment = await request({ kind: 'deploy', trigger: 'webhook', branch: 'main' });

  expect(deployment).toMatchObject({ state: 'queued', strategy: 'blue-green', branch: 'main' });
  expect(seen).toEqual([1]);
});
