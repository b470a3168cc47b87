/** The client that the app sees behind nginx, and behind a proxy in front of nginx. */
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

const CLAIMS = {
  'x-forwarded-for': '198.51.100.1, 203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-port': '443',
  'x-forwarded-prefix': '/admin',
  'x-forwarded-ssl': 'on',
  'x-real-ip': '198.51.100.2',
  forwarded: 'for=198.51.100.1;proto=https',
  'x-client-ip': '198.51.100.3',
  'x-cluster-client-ip': '198.51.100.3',
  'true-client-ip': '198.51.100.3',
  'cf-connecting-ip': '198.51.100.3',
  'fastly-client-ip': '198.51.100.3',
  'x-forwarded-protocol': 'ssl',
  'x-url-scheme': 'https',
  'front-end-https': 'on',
};

const TOO_MANY = { error: { code: 'E_TOO_MANY' } };

let context: TrafficFixture;
afterEach(() => context.cleanUp());

async function seenByApp(headers: Record<string, string>): Promise<Record<string, string | undefined>> {
  const { json } = (await context.ask('/echo', { headers })) as { json: { headers: Record<string, string> } };
  return Object.fromEntries(Object.keys(CLAIMS).map((name) => [name, json.headers[name]]));
}

async function start(http: Parameters<typeof trafficFixture>[0] = {}): Promise<void> {
  context = await trafficFixture(http);
  await context.startApp('blue');
  await context.nginx.start();
  await context.traffic.shift({ active: 'blue', standby: null });
}

test('nginx overwrites what a client says about its address, its protocol and the host', async () => {
  await start();
  expect(await seenByApp({ host: 'app.example', ...CLAIMS })).toEqual({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'app.example',
    'x-real-ip': '127.0.0.1',
  });
});

test('nginx overwrites the same headers from a proxy that is not trusted', async () => {
  await start({ trustedProxies: ['10.0.0.0/8', '2001:db8::/32'] });
  expect(await seenByApp({ host: 'app.example', ...CLAIMS })).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'app.example',
    'x-forwarded-port': undefined,
    forwarded: undefined,
  });
});

test('nginx believes a trusted proxy, but not an address that the client has put in front of its own', async () => {
  await start({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
  expect(await seenByApp(CLAIMS)).toEqual({
    ...CLAIMS,
    'x-forwarded-for': '203.0.113.9',
    'x-real-ip': '203.0.113.9',
  });
  const overTwo = { ...CLAIMS, 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.1.2.3' };
  expect((await seenByApp(overTwo))['x-forwarded-for']).toBe('203.0.113.9');
  expect(await seenByApp({ host: 'app.example' })).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'app.example',
  });
});

describe('the limit per address', () => {
  /** The statuses of so many concurrent requests, in order. */
  async function atOnce(...addresses: string[]): Promise<number[]> {
    const answers = addresses.map((address) =>
      context.ask('/api/v1/slow?ms=1500', { headers: { 'x-forwarded-for': address } }),
    );
    const all = await Promise.all(answers);
    for (const { status, json } of all) if (status === 429) expect(json).toMatchObject(TOO_MANY);
    return all.map(({ status }) => status).sort();
  }
  beforeEach(() => start({ trustedProxies: ['127.0.0.1'], perAddress: 2 }));

  it('answers 429 to one more request, and serves other addresses', async () => {
    const one = '203.0.113.9';
    expect(await atOnce(one, one, one, '203.0.113.10')).toEqual([200, 200, 200, 429]);
  });

  it('counts an IPv6 network as one client', async () => {
    expect(await atOnce('2001:db8:1:2::1', '2001:db8:1:2::2', '2001:db8:1:2::3')).toEqual([200, 200, 429]);
    expect(await atOnce('2001:db8:1:2::1', '2001:db8:1:3::1', '2001:db8:1:4::1')).toEqual([200, 200, 200]);
  });

  it('does not count private networks or the proxy itself', async () => {
    expect(await atOnce('192.168.1.5', '192.168.1.5', '192.168.1.5')).toEqual([200, 200, 200]);
    expect(await atOnce('127.0.0.1', '127.0.0.1', '127.0.0.1')).toEqual([200, 200, 200]);
  });
});
