/** Writes argv[4] events and requests, named argv[3], into the journal at argv[2] as fast as it can. */
import { Journal } from '../../../deploy/journal/journal';

async function main(): Promise<void> {
  const [, , file = '', name = '', count = '0'] = process.argv;
  const journal = Journal.open({ journal: file, dir: file });
  process.stdout.write('ready\n');
  for (let i = 0; i < Number(count); i++) {
    await journal.record(null, { type: 'warning', message: `${name} ${i}` });
    await journal.request({
      kind: 'deploy',
      trigger: 'webhook',
      strategy: 'blue-green',
      delivery: `both ${i}`,
    });
  }
  journal.close();
}

void main();
