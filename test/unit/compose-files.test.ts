/** Checks docker-compose.blue.yml and docker-compose.green.yml. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const read = (slot: string): string =>
  readFileSync(path.join(__dirname, '..', '..', `docker-compose.${slot}.yml`), 'utf8');

it('the Compose files differ only in the name and the port of the slot', () => {
  const swap: Record<string, string> = { blue: 'green', green: 'blue', BLUE: 'GREEN', '8080': '8081' };
  const asGreen = read('blue').replace(/blue|green|BLUE|8080/g, (word) => swap[word] ?? word);
  expect(asGreen).toBe(read('green'));
});

it('the Compose files publish no port, or nginx would reach a container that does not listen yet', () => {
  expect(read('blue')).toContain('network_mode: host');
  expect(read('blue')).not.toContain('ports:');
});
