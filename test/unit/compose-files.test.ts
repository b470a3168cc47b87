/** docker-compose.blue.yml and docker-compose.green.yml, as they stand. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const read = (slot: string): string =>
  readFileSync(path.join(__dirname, '..', '..', `docker-compose.${slot}.yml`), 'utf8');

it('differ in the name of the slot and its port alone', () => {
  const swap: Record<string, string> = { blue: 'green', green: 'blue', BLUE: 'GREEN', '8080': '8081' };
  const asGreen = read('blue').replace(/blue|green|BLUE|8080/g, (word) => swap[word] ?? word);
  expect(asGreen).toBe(read('green'));
});

it('publish no port: nginx would send a request to a container that does not listen yet', () => {
  expect(read('blue')).toContain('network_mode: host');
  expect(read('blue')).not.toContain('ports:');
});
