import { gzipSync } from 'node:zlib';
import type { Express } from 'express';
import request from 'supertest';
import { KnownError } from '../../../../deploy/core/errors';
import type { RequestDeployment } from '../../../../deploy/deployer/requests';
import { webhookApp } from '../../../../deploy/http/webhook/app';
import { signatureOf } from '../../../../deploy/http/webhook/signature';
import { deployment } from '../../../support/deployments';

const SECRET = '4f9a7c1e2b6d8035';
const MB = 1024 * 1024;
const PUSH = JSON.stringify({ ref: 'refs/heads/main', after: 'f'.repeat(40) });

let asked: Parameters<RequestDeployment>[0][];
let app: Express;

beforeEach(() => {
  asked = [];
  const ids = new Map<string | undefined, number>();
  app = webhookApp({
    secret: SECRET,
    branch: 'main',
    request: (what) => {
      asked.push(what);
      if (!ids.has(what.delivery)) ids.set(what.delivery, ids.size + 1);
      return Promise.resolve(deployment({ id: ids.get(what.delivery) ?? 0 }));
    },
  });
});

describe('a signed push to the branch', () => {
  it('is taken, and answered with the id of its deployment', async () => {
    const answer = await send(PUSH);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id: 1, state: 'queued' });
    expect(asked).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main' }]);
  });

  it('decides nothing but that the branch moved: which commit is asked of the source', async () => {
    const repository = { clone_url: 'https://evil.example/x.git' };
    await send(JSON.stringify({ ref: 'refs/heads/main', after: '$(reboot)', repository, branch: 'other' }));
    expect(asked).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main' }]);
  });

  it('gets the same id when it is delivered again', async () => {
    const ids = [];
    for (const delivery of ['d-1', 'd-2', 'd-1']) {
      ids.push((await send(PUSH, { 'x-github-delivery': delivery })).body.id);
    }
    expect(ids).toEqual([1, 2, 1]);
  });

  it('of our own hook is known as a push', async () => {
    await send(PUSH, { 'x-switchyard-trigger': 'push' });
    expect(asked[0]?.trigger).toBe('push');
  });

  it('may carry bytes that are not UTF-8: they are signed as they are', async () => {
    const text = Buffer.from('{"ref":"refs/heads/main","text":"');
    const body = Buffer.concat([text, Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('"}')]);
    expect((await send(body)).status).toBe(202);
  });

  it('may have 25 MB, as much as GitHub sends', async () => {
    const frame = JSON.stringify({ ref: 'refs/heads/main', text: '' });
    const body = JSON.stringify({ ref: 'refs/heads/main', text: 'x'.repeat(25 * MB - frame.length) });
    expect(body).toHaveLength(25 * MB);
    expect((await send(body)).status).toBe(202);
  });

  it('is answered with a failure when the journal cannot keep it', async () => {
    const down = webhookApp({ secret: SECRET, branch: 'main', request: () => Promise.reject(full()) });
    const answer = await sendTo(down, PUSH);
    expect(answer.status).toBe(500);
    expect(answer.body.error).toMatchObject({ code: 'E_DISK' });
  });
});

describe('without a valid signature nothing is asked for', () => {
  const other = signatureOf('another secret of ours', Buffer.from(PUSH));
  const right = signatureOf(SECRET, Buffer.from(PUSH));
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ["another secret's", other],
    ['of another body', signatureOf(SECRET, Buffer.from('{}'))],
    ['too short', right.slice(0, -1)],
    ['too long', `${right}0`],
    ['right but for its case', right.toUpperCase()],
    ['right but without its method', right.slice('sha256='.length)],
    ['SHA-1', 'sha1=0000000000000000000000000000000000000000'],
    ['as long, but with letters beyond ASCII', `sha256=${'é'.repeat(32)}`],
  ])('a signature that is %s is answered with 401', async (_case, signature) => {
    const answer = await send(PUSH, { 'x-hub-signature-256': signature });
    expect(answer.status).toBe(401);
    expect(answer.body.error).toMatchObject({ code: 'E_SIGNATURE', hint: expect.stringContaining('secret') });
    expect(asked).toEqual([]);
  });

  it('is neither said what the secret is, nor what the signature should have been', async () => {
    const { text } = await send(PUSH, { 'x-hub-signature-256': other });
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(right.slice(7));
  });

  it('an empty body is refused like any other', async () => {
    expect((await send('', { 'x-hub-signature-256': undefined })).status).toBe(401);
  });

  it('even a ping is refused', async () => {
    const answer = await send('{}', { 'x-github-event': 'ping', 'x-hub-signature-256': 'sha256=0' });
    expect(answer.status).toBe(401);
  });
});

describe('what is signed but no reason to deploy is answered politely', () => {
  it.each([
    ['another branch', 'push', { ref: 'refs/heads/next' }, 'only main deploys, not next'],
    ['a branch that begins alike', 'push', { ref: 'refs/heads/main2' }, 'only main deploys'],
    ['a tag', 'push', { ref: 'refs/tags/main' }, 'no branch'],
    ['a deletion', 'push', { ref: 'refs/heads/main', deleted: true }, 'was deleted'],
    ['a ping', 'ping', { zen: 'Design for failure.' }, 'set up well'],
    ['another event', 'issues', { action: 'opened' }, 'only pushes deploy, not "issues"'],
  ])('%s', async (_case, event, body, why) => {
    const answer = await send(JSON.stringify(body), { 'x-github-event': event });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ignored: expect.stringContaining(why) });
    expect(asked).toEqual([]);
  });
});

describe('what cannot be read is answered with what to do', () => {
  it.each([
    ['not JSON', 'payload=%7B%7D', 400, "Set the webhook's content type to application/json."],
    ['JSON without a ref', '{"zen":1}', 400, "Send GitHub's push event as application/json."],
    ['JSON that is no object', 'null', 400, "Send GitHub's push event as application/json."],
  ])('%s', async (_case, body, status, hint) => {
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code: 'E_BAD_PAYLOAD', hint });
    expect(asked).toEqual([]);
  });

  it('more than 25 MB', async () => {
    const answer = await send(Buffer.alloc(25 * MB + 1, 'x'));
    expect(answer.status).toBe(413);
    expect(answer.body.error).toMatchObject({ code: 'E_BAD_PAYLOAD' });
  });

  it('packed: nothing is unpacked before its signature is proven', async () => {
    const answer = await send(gzipSync(PUSH), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(asked).toEqual([]);
  });
});

test('the deployer answers for its own health, and for nothing else', async () => {
  expect((await request(app).get('/_deploy/health')).body).toEqual({ status: 'ok' });
  expect((await request(app).get('/_deploy/webhook')).status).toBe(404);
  expect((await request(app).post('/')).status).toBe(404);
});

function send(body: string | Buffer, headers: Record<string, string | undefined> = {}): request.Test {
  return sendTo(app, body, headers);
}

/** Posts as GitHub does; a header that is undefined is left out. */
function sendTo(
  to: Express,
  body: string | Buffer,
  headers: Record<string, string | undefined> = {},
): request.Test {
  const bytes = Buffer.from(body);
  const all = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-hub-signature-256': signatureOf(SECRET, bytes),
    ...headers,
  };
  const post = request(to)
    .post('/_deploy/webhook')
    .serialize((same: unknown) => same as string);
  for (const [name, value] of Object.entries(all)) if (value !== undefined) void post.set(name, value);
  return post.send(bytes);
}

function full(): KnownError {
  return new KnownError('E_DISK', 'The disk is full.');
}
