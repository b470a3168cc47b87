/** The simulated users of the demo and the tour. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Users } from '../../../../tools/lib/users';
import { until } from '../../../support/until';

let server: Server;
/** The Cookie headers that users sent, in order. */
let sent: string[];

beforeEach(async () => {
  sent = [];
  server = createServer((request, response) => {
    const { cookie = '' } = request.headers;
    sent.push(cookie);
    const newcomers = sent.filter((each) => each === '').length;
    if (cookie === '')
      response.setHeader('Set-Cookie', [`cohort=${newcomers}; Path=/; HttpOnly`, 'page=1; Max-Age=60']);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

it('simulated users keep their own cookies, as browsers do', async () => {
  const heard: number[] = [];
  const { port } = server.address() as AddressInfo;
  const users = new Users(port, { count: 3, pauseMs: 1 }, ({ user }) => heard.push(user));
  users.start();
  await until('three answers for each', () =>
    [0, 1, 2].every((user) => heard.filter((each) => each === user).length >= 3),
  );
  await users.stop();

  expect(sent.filter((cookie) => cookie === '')).toHaveLength(3);
  const jars = new Set(sent.filter((cookie) => cookie !== ''));
  expect([...jars].sort()).toEqual(['cohort=1; page=1', 'cohort=2; page=1', 'cohort=3; page=1']);
});
