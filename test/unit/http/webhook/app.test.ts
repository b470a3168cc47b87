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

let requested: Parameters<RequestDeployment>[0][];
let app: Express;

beforeEach(() => {
  requested = [];
  const ids = new Map<string | undefined, number>();
  app = webhookApp({
    secret: SECRET,
    branch: 'main',
    request: (what) => {
      requested.push(what);
      if (!ids.has(what.delivery)) ids.set(what.delivery, ids.size + 1);
      return Promise.resolve(deployment({ id: ids.get(what.delivery) ?? 0 }));
    },
  });
});

describe('a signed push to the branch', () => {
  it('is accepted and answered with the id of its deployment', async () => {
    const answer = await send(PUSH);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id: 1, state: 'queued' });
    expect(requested).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main' }]);
  });

  it('only says that the branch moved, and has no say in the commit or the repository', async () => {
    const repository = { clone_url: 'https://evil.example/x.git' };
    await send(JSON.stringify({ ref: 'refs/heads/main', after: '$(reboot)', repository, branch: 'other' }));
    expect(requested).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main' }]);
  });

  it('gets the same id when it is delivered again', async () => {
    const ids = [];
    for (const delivery of ['d-1', 'd-2', 'd-1']) {
      ids.push((await send(PUSH, { 'x-github-delivery': delivery })).body.id);
    }
    expect(ids).toEqual([1, 2, 1]);
  });

  it('from the hook of push.git counts as a push', async () => {
    await send(PUSH, { 'x-switchyard-trigger': 'push' });
    expect(requested[0]?.trigger).toBe('push');
  });

  it('may contain bytes that are not UTF-8, since raw bytes are signed', async () => {
    const text = Buffer.from('{"ref":"refs/heads/main","text":"');
    const body = Buffer.concat([text, Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('"}')]);
    expect((await send(body)).status).toBe(202);
  });

  it('may have 25 MB, the largest payload of GitHub', async () => {
    const frame = JSON.stringify({ ref: 'refs/heads/main', text: '' });
    const body = JSON.stringify({ ref: 'refs/heads/main', text: 'x'.repeat(25 * MB - frame.length) });
    expect(body).toHaveLength(25 * MB);
    expect((await send(body)).status).toBe(202);
  });

  it('is answered with an error when the journal cannot store it', async () => {
    const down = webhookApp({ secret: SECRET, branch: 'main', request: () => Promise.reject(full()) });
    const answer = await sendTo(down, PUSH);
    expect(answer.status).toBe(500);
    expect(answer.body.error).toMatchObject({ code: 'E_DISK' });
  });
});

describe('without a valid signature nothing is deployed', () => {
  const other = signatureOf('another secret of ours', Buffer.from(PUSH));
  const right = signatureOf(SECRET, Buffer.from(PUSH));
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ["another secret's", other],
    ['of another body', signatureOf(SECRET, Buffer.from('{}'))],
    ['too short', right.slice(0, -1)],
    ['too long', `${right}0`],
    ['right except for its case', right.toUpperCase()],
    ['right except for its missing method', right.slice('sha256='.length)],
    ['SHA-1', 'sha1=0000000000000000000000000000000000000000'],
    ['of the right length, but with letters beyond ASCII', `sha256=${'é'.repeat(32)}`],
  ])('when the signature is %s, and the answer is 401', async (_case, signature) => {
    const answer = await send(PUSH, { 'x-hub-signature-256': signature });
    expect(answer.status).toBe(401);
    expect(answer.body.error).toMatchObject({ code: 'E_SIGNATURE', hint: expect.stringContaining('secret') });
    expect(requested).toEqual([]);
  });

  it('and the answer reveals neither the secret nor the right signature', async () => {
    const { text } = await send(PUSH, { 'x-hub-signature-256': other });
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(right.slice(7));
  });

  it('not even for an empty body', async () => {
    expect((await send('', { 'x-hub-signature-256': undefined })).status).toBe(401);
  });

  it('not even for a ping', async () => {
    const answer = await send('{}', { 'x-github-event': 'ping', 'x-hub-signature-256': 'sha256=0' });
    expect(answer.status).toBe(401);
  });
});

describe('a signed request that deploys nothing is answered with 200 and the reason', () => {
  it.each([
    ['for another branch', 'push', { ref: 'refs/heads/next' }, 'only main deploys, not next'],
    ['for a branch with the same prefix', 'push', { ref: 'refs/heads/main2' }, 'only main deploys'],
    ['for a tag', 'push', { ref: 'refs/tags/main' }, 'no branch'],
    ['for a deletion', 'push', { ref: 'refs/heads/main', deleted: true }, 'was deleted'],
    ['for a ping', 'ping', { zen: 'Design for failure.' }, 'set up well'],
    ['for another event', 'issues', { action: 'opened' }, 'only pushes deploy, not "issues"'],
  ])('%s', async (_case, event, body, why) => {
    const answer = await send(JSON.stringify(body), { 'x-github-event': event });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ignored: expect.stringContaining(why) });
    expect(requested).toEqual([]);
  });
});

describe('an unreadable request is answered with a hint', () => {
  it.each([
    ['when it is not JSON', 'payload=%7B%7D', 400, "Set the webhook's content type to application/json."],
    ['when the JSON has no ref', '{"zen":1}', 400, "Send GitHub's push event as application/json."],
    ['when the JSON is not an object', 'null', 400, "Send GitHub's push event as application/json."],
  ])('%s', async (_case, body, status, hint) => {
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code: 'E_BAD_PAYLOAD', hint });
    expect(requested).toEqual([]);
  });

  it('when it has more than 25 MB', async () => {
    const answer = await send(Buffer.alloc(25 * MB + 1, 'x'));
    expect(answer.status).toBe(413);
    expect(answer.body.error).toMatchObject({ code: 'E_BAD_PAYLOAD' });
  });

  it('when it is compressed, since nothing is unpacked before its signature is verified', async () => {
    const answer = await send(gzipSync(PUSH), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(requested).toEqual([]);
  });
});

test('the deployer also answers for its own health, and for nothing else', async () => {
  expect((await request(app).get('/_deploy/health')).body).toEqual({ status: 'ok' });
  expect((await request(app).get('/_deploy/webhook')).status).toBe(404);
  expect((await request(app).post('/')).status).toBe(404);
});

function send(body: string | Buffer, headers: Record<string, string | undefined> = {}): request.Test {
  return sendTo(app, body, headers);
}

/** Posts like GitHub. A header that is undefined is left out. */
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
