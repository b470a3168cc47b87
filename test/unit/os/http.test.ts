import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { HttpTimeout, openHttp, sendHttp } from '../../../deploy/os/http';
import { afterwards, tempHome } from '../../support/temp-home';

async function listen(listener: RequestListener, at: number | string = 0): Promise<number> {
  const server = createServer(listener);
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(at, resolve));
  return typeof at === 'string' ? 0 : (server.address() as AddressInfo).port;
}

const dripping: RequestListener = (_req, res) => {
  const drip = setInterval(() => res.write(' '), 5);
  res.on('close', () => clearInterval(drip));
};

it('a request sends method, headers and body over a connection of its own', async () => {
  const port = await listen((req, res) => {
    const { method, url, headers } = req;
    void req.toArray().then((chunks: Buffer[]) =>
      res.writeHead(201, { 'x-a': 'b' }).end(
        JSON.stringify({
          method,
          url,
          body: Buffer.concat(chunks).toString(),
          connection: headers.connection,
          length: headers['content-length'],
        }),
      ),
    );
  });
  const request = { to: { port }, method: 'POST', path: '/x?y=1', body: 'text', timeoutMs: 2000 };
  const { status, headers, body, complete } = await sendHttp(request);
  expect({ status, complete, header: headers['x-a'] }).toEqual({ status: 201, complete: true, header: 'b' });
  expect(JSON.parse(body.toString())).toEqual({
    method: 'POST',
    url: '/x?y=1',
    body: 'text',
    connection: 'close',
    length: '4',
  });
});

it('a request reaches a unix socket, and a URL with the credentials in it', async () => {
  const socketPath = path.join(tempHome(), 'a.sock');
  const said: RequestListener = (req, res) => res.end(`${req.headers.authorization} ${req.url}`);
  await listen(said, socketPath);
  expect((await sendHttp({ to: { socketPath }, timeoutMs: 2000 })).body.toString()).toBe('undefined /');
  const url = new URL(`http://me:p%40ss@127.0.0.1:${await listen(said)}/hook?a=b`);
  const basic = Buffer.from('me:p@ss').toString('base64');
  expect((await sendHttp({ to: { url }, timeoutMs: 2000 })).body.toString()).toBe(`Basic ${basic} /hook?a=b`);
});

it.each<[string, RequestListener]>([
  ['silent', () => undefined],
  ['dripping', dripping],
])('a request gives up on a %s server at its time limit', async (_name, listener) => {
  const port = await listen(listener);
  await expect(sendHttp({ to: { port }, timeoutMs: 60 })).rejects.toBeInstanceOf(HttpTimeout);
});

it('a request reads no further than the size limit and reports the body as incomplete', async () => {
  const port = await listen((_req, res) => {
    const pour = (): void => {
      while (!res.destroyed && res.write('x'.repeat(16_384)));
    };
    res.on('drain', pour);
    pour();
  });
  const { status, body, complete } = await sendHttp({ to: { port }, timeoutMs: 2000 }, 100);
  expect({ status, length: body.length, complete }).toEqual({ status: 200, length: 100, complete: false });
});

it('a request does not wait for a body that is not wanted', async () => {
  const port = await listen((_req, res) => res.writeHead(206).flushHeaders());
  expect(await sendHttp({ to: { port }, timeoutMs: 2000 }, 0)).toMatchObject({ status: 206 });
});

it('a request reports a body that breaks off as incomplete', async () => {
  const port = await listen((_req, res) => {
    res.writeHead(200, { 'content-length': 10 });
    res.write('half', () => res.destroy());
  });
  const { body, complete } = await sendHttp({ to: { port }, timeoutMs: 2000 });
  expect({ body: body.toString(), complete }).toEqual({ body: 'half', complete: false });
});

it('a request can be cancelled', async () => {
  const port = await listen(() => undefined);
  const end = new AbortController();
  const sent = sendHttp({ to: { port }, timeoutMs: 5000, signal: end.signal });
  end.abort();
  await expect(sent).rejects.toMatchObject({ code: 'ABORT_ERR' });
});

it('a request gives up on a stream only when the stream is silent', async () => {
  const port = await listen(dripping);
  const response = await openHttp({ to: { port }, timeoutMs: 100 });
  const begin = performance.now();
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (performance.now() - begin > 250) break;
  }
  expect(bytes).toBeGreaterThan(2);
  const silent = await listen((_req, res) => res.write('x'));
  const stalled = await openHttp({ to: { port: silent }, timeoutMs: 50 });
  await expect(stalled.toArray()).rejects.toThrow();
});
