import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestDeployment } from '../../../deploy/deployer/requests';
import { webhookApp } from '../../../deploy/http/webhook/app';
import type { Push } from '../../../deploy/client/post-webhook';
import { postPush } from '../../../deploy/client/post-webhook';
import { deployment } from '../../support/deployments';
import { afterwards } from '../../support/temp-home';

const SECRET = '4f9a7c1e2b6d8035';
const NOBODY = '0'.repeat(40);
const PUSH = { secret: SECRET, delivery: 'd-1', before: 'a'.repeat(40), after: 'b'.repeat(40) };

describe('what the hook posts, the webhook understands', () => {
  let asked: Parameters<RequestDeployment>[0][];
  let port: number;

  beforeEach(async () => {
    asked = [];
    const request: RequestDeployment = (what) => {
      asked.push(what);
      return Promise.resolve(deployment({ id: 12 }));
    };
    port = await listen(webhookApp({ secret: SECRET, branch: 'main', request }));
  });

  it('a push is a deployment', async () => {
    expect(await post()).toMatchObject({ id: 12 });
    expect(asked).toEqual([
      { kind: 'deploy', trigger: 'push', branch: 'main', delivery: 'd-1', deadline: expect.any(Number) },
    ]);
  });

  it('a first push too, where there was no commit before', async () => {
    expect(await post({ before: NOBODY })).toMatchObject({ id: 12 });
  });

  it('a deleted branch, another branch and a tag are nothing to deploy', async () => {
    expect(await post({ after: NOBODY })).toMatchObject({ ignored: expect.stringContaining('deleted') });
    expect(await post({ ref: 'refs/heads/next' })).toMatchObject({
      ignored: expect.stringContaining('next'),
    });
    expect(await post({ ref: 'refs/tags/v1' })).toMatchObject({
      ignored: expect.stringContaining('no branch'),
    });
    expect(asked).toEqual([]);
  });

  it('another secret is refused, with the way out', async () => {
    await expect(post({ secret: 'another secret of ours' })).rejects.toMatchObject({ code: 'E_SIGNATURE' });
  });

  function post(known: Partial<Push> = {}): ReturnType<typeof postPush> {
    return postPush({ port, ref: 'refs/heads/main', ...PUSH, ...known });
  }
});

describe('when the deployer is not there, the hook says so', () => {
  it.each<[string, RequestListener]>([
    ['nginx answers that nobody is behind it', (_req, res) => res.writeHead(502).end('<html>')],
    ['somebody else listens there', (_req, res) => res.end('<html>')],
    ['the connection breaks off', (req) => req.socket.destroy()],
    [
      'the answer breaks off',
      (_req, res) => res.writeHead(202, { 'content-length': 99 }).write('{', () => res.destroy()),
    ],
  ])('%s', async (_case, listener) => {
    const port = await listen(listener);
    await expect(postPush({ port, ref: 'refs/heads/main', ...PUSH })).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
    });
  });

  it('nobody listens', async () => {
    await expect(postPush({ port: 1, ref: 'refs/heads/main', ...PUSH })).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return (server.address() as AddressInfo).port;
}
