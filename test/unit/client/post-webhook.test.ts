import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestDeployment } from '../../../deploy/deployer/requests';
import type { Push } from '../../../deploy/client/post-webhook';
import { postPush } from '../../../deploy/client/post-webhook';
import { deployment } from '../../support/deployments';
import { testWebhook } from '../../support/webhook';
import { afterwards } from '../../support/temp-home';

const SECRET = '4f9a7c1e2b6d8035';
const NO_COMMIT = '0'.repeat(40);
const PUSH = { secret: SECRET, delivery: 'd-1', before: 'a'.repeat(40), after: 'b'.repeat(40) };

describe('the webhook accepts what the hook posts', () => {
  let requested: Parameters<RequestDeployment>[0][];
  let port: number;

  beforeEach(async () => {
    requested = [];
    const request: RequestDeployment = (what) => {
      requested.push(what);
      return Promise.resolve(deployment({ id: 12 }));
    };
    port = await listen(testWebhook({ request }));
  });

  it('for a push, which becomes a deployment', async () => {
    expect(await post()).toMatchObject({ id: 12 });
    expect(requested).toEqual([
      { kind: 'deploy', trigger: 'push', branch: 'main', delivery: 'd-1', deadline: expect.any(Number) },
    ]);
  });

  it('for a first push, without a commit before it', async () => {
    expect(await post({ before: NO_COMMIT })).toMatchObject({ id: 12 });
  });

  it('for a deleted branch, another branch or a tag, and deploys nothing', async () => {
    expect(await post({ after: NO_COMMIT })).toMatchObject({ ignored: expect.stringContaining('deleted') });
    expect(await post({ ref: 'refs/heads/next' })).toMatchObject({
      ignored: expect.stringContaining('next'),
    });
    expect(await post({ ref: 'refs/tags/v1' })).toMatchObject({
      ignored: expect.stringContaining('is not a branch'),
    });
    expect(requested).toEqual([]);
  });

  it('but refuses it with another secret', async () => {
    await expect(post({ secret: 'another secret of ours' })).rejects.toMatchObject({ code: 'E_SIGNATURE' });
  });

  function post(known: Partial<Push> = {}): ReturnType<typeof postPush> {
    return postPush({ port, ref: 'refs/heads/main', ...PUSH, ...known });
  }
});

describe('the hook reports that the deployer is down', () => {
  it.each<[string, RequestListener]>([
    ['when nginx answers 502', (_req, res) => res.writeHead(502).end('<html>')],
    ['when another program listens there', (_req, res) => res.end('<html>')],
    ['when the answer is JSON of another kind', (_req, res) => res.end('null')],
    ['when the connection is closed', (req) => req.socket.destroy()],
    [
      'when the answer is cut off',
      (_req, res) => res.writeHead(202, { 'content-length': 99 }).write('{', () => res.destroy()),
    ],
  ])('%s', async (_case, listener) => {
    const port = await listen(listener);
    await expect(postPush({ port, ref: 'refs/heads/main', ...PUSH })).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
    });
  });

  it('when nothing listens there', async () => {
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
