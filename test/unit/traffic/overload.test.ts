import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { homeAt, type Home } from '../../../deploy/home/home';
import { configFile } from '../../../deploy/traffic/nginx-files';
import { dropsConnections } from '../../../deploy/traffic/overload';
import { tempHome } from '../../support/temp-home';

let home: Home;
let silent: Server;
let clients: Socket[];

beforeEach(async () => {
  home = homeAt(tempHome());
  mkdirSync(home.nginx, { recursive: true });
  clients = [];
  silent = createServer((socket) => void clients.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const client of clients) client.destroy();
  silent.close();
});

const port = (): number => (silent.address() as AddressInfo).port;

async function hold(count: number): Promise<void> {
  for (let each = 0; each < count; each++) {
    const client = connect(port(), '127.0.0.1');
    clients.push(client);
    await new Promise((resolve) => client.once('connect', resolve));
  }
}

it('silence counts as dropped connections when clients hold enough of them to fill a worker', async () => {
  writeFileSync(configFile(home), 'worker_connections 32;');
  await hold(8);
  expect(await dropsConnections(home, port())).toBe(true);
});

it('silence on a busy machine is not a lack of connections', async () => {
  writeFileSync(configFile(home), 'worker_connections 32768;');
  await hold(8);
  expect(await dropsConnections(home, port())).toBe(false);
});
