import { gzipSync } from 'node:zlib';
import type { Express } from 'express';
import request from 'supertest';
import { KnownError } from '../../../../deploy/core/errors';
import type { RequestDeployment } from '../../../../deploy/deployer/requests';
import { signatureOf } from '../../../../deploy/http/webhook/signature';
import { deployment } from '../../../support/deployments';
import { BODY_LIMIT, SECRET, testWebhook } from '../../../support/webhook';

const TIP = 'f'.repeat(40);
const PUSH = JSON.stringify({ ref: 'refs/heads/main', after: TIP });

let requested: Parameters<RequestDeployment>[0][];
let app: Express;

beforeEach(() => {
  requested = [];
  const ids = new Map<string | undefined, number>();
  app = testWebhook({
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
    expect(requested).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main', expected: TIP }]);
  });

  it('reports only that the branch moved, and cannot choose the commit or the repository', async () => {
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

  it.each(['failed', 'rolled-back', 'interrupted'] as const)(
    'that is delivered again after its deployment %s gets another one',
    async (state) => {
      const known = testWebhook({
        request: (what) => {
          requested.push(what);
          const first = deployment({ id: 1, state, fault: 'machine' });
          return Promise.resolve(what.delivery === 'd-1' ? first : deployment({ id: 2 }));
        },
      });
      const again = (headers: object): request.Test =>
        sendTo(known, PUSH, { 'x-github-delivery': 'd-1', ...headers });
      expect((await again({})).body).toEqual({ id: 2, state: 'queued' });
      // the hook of push.git repeats a post whose answer was lost
      expect((await again({ 'x-switchyard-trigger': 'push' })).body).toEqual({ id: 1, state });
    },
  );

  it('from the hook of push.git counts as a push', async () => {
    await send(PUSH, { 'x-switchyard-trigger': 'push' });
    expect(requested[0]?.trigger).toBe('push');
  });

  it('may contain bytes that are not UTF-8, since raw bytes are signed', async () => {
    const text = Buffer.from('{"ref":"refs/heads/main","text":"');
    const body = Buffer.concat([text, Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from('"}')]);
    expect((await send(body)).status).toBe(202);
  });

  it('may be as large as deployer.maxBody', async () => {
    const frame = JSON.stringify({ ref: 'refs/heads/main', text: '' });
    const body = JSON.stringify({ ref: 'refs/heads/main', text: 'x'.repeat(BODY_LIMIT - frame.length) });
    expect(body).toHaveLength(BODY_LIMIT);
    expect((await send(body)).status).toBe(202);
  });

  it('is answered with an error when the journal cannot store it', async () => {
    const down = testWebhook({ request: () => Promise.reject(full()) });
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

  it('with an answer that reveals neither the secret nor the right signature', async () => {
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
    ['for a tag', 'push', { ref: 'refs/tags/main' }, 'is not a branch'],
    ['for a deletion', 'push', { ref: 'refs/heads/main', deleted: true }, 'was deleted'],
    ['for a ping', 'ping', { zen: 'Design for failure.' }, 'set up correctly'],
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
    ['when it is not JSON', 'payload=%7B%7D'],
    ['when there is more after the JSON', `${PUSH}x`],
    ['when it is empty', ''],
    ['when the JSON has no ref', '{"zen":1}'],
    ['when the ref is only that of its prototype', '{"__proto__":{"ref":"refs/heads/main"}}'],
    ['when the JSON is nested too deeply to be a push', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['when the JSON is not an object', 'null'],
  ])('%s', async (_case, body) => {
    const answer = await send(body);
    const hint = 'Send the push event as application/json or application/x-www-form-urlencoded.';
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'E_BAD_PAYLOAD', hint });
    expect(requested).toEqual([]);
  });

  it('when it is larger than deployer.maxBody', async () => {
    const answer = await send(Buffer.alloc(BODY_LIMIT + 1, 'x'));
    expect(answer.status).toBe(413);
    expect(answer.body.error).toMatchObject({
      code: 'E_BAD_PAYLOAD',
      hint: expect.stringContaining('deployer.maxBody'),
    });
  });

  it('when it is compressed, since nothing is unpacked before its signature is verified', async () => {
    const answer = await send(gzipSync(PUSH), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
    expect(requested).toEqual([]);
  });
});

test('the deployer also answers for its own health, and for nothing else', async () => {
  expect((await request(app).get('/_deploy/health')).body).toEqual({ status: 'ok' });
  expect((await request(app).post('/')).status).toBe(404);
});

test.each(['get', 'head', 'put', 'delete', 'patch', 'options'] as const)(
  'the webhook answers %s with 405 and the method that it wants',
  async (method) => {
    const answer = await request(app)[method]('/_deploy/webhook');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  },
);

describe('a form, as GitHub sends it by default', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  it('deploys like JSON', async () => {
    expect((await send(`payload=${encodeURIComponent(PUSH)}`, form)).status).toBe(202);
    expect(requested).toEqual([{ kind: 'deploy', trigger: 'webhook', branch: 'main', expected: TIP }]);
  });

  it('is verified before it is decoded', async () => {
    const body = `payload=${encodeURIComponent(PUSH)}`;
    const signature = signatureOf(SECRET, Buffer.from(PUSH));
    expect((await send(body, { ...form, 'x-hub-signature-256': signature })).status).toBe(401);
  });

  it.each([
    ['without a payload', 'load=%7B%7D'],
    ['with two payloads', `payload=%7B%7D&payload=${encodeURIComponent(PUSH)}`],
    ['with a payload that is not JSON', 'payload=%7'],
    ['that is JSON', PUSH],
  ])('%s is refused', async (_case, body) => {
    const answer = await send(body, form);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'E_BAD_PAYLOAD']);
    expect(requested).toEqual([]);
  });

  it('may carry a ping', async () => {
    const body = `payload=${encodeURIComponent('{"zen":"Keep it logically awesome."}')}`;
    expect((await send(body, { ...form, 'x-github-event': 'ping' })).body.ignored).toContain(
      'set up correctly',
    );
  });
});

describe('a ping of a webhook that would never deploy is refused', () => {
  const ping = (body: object): request.Test => send(JSON.stringify(body), { 'x-github-event': 'ping' });

  it('when its events do not include pushes', async () => {
    const answer = await ping({ hook: { events: ['issues', 'release'] } });
    expect(answer.status).toBe(422);
    expect(answer.body.error).toEqual({
      code: 'E_WEBHOOK',
      message: 'This webhook does not send pushes.',
      hint: "Choose just the push event in the webhook's settings.",
    });
  });

  it('when it belongs to another repository than the source', async () => {
    const answer = await ping({ hook: { events: ['push'] }, repository: { full_name: 'you/fork' } });
    expect(answer.status).toBe(422);
    expect(answer.body.error.message).toContain('commits come from https://github.com/you/app.git');
  });

  it.each([
    ['pushes', { hook: { events: ['push'] } }],
    ['all events', { hook: { events: ['*'] } }],
    ['the source, in another case', { hook: { events: ['push'] }, repository: { full_name: 'You/App' } }],
  ])('but not for %s', async (_case, body) => expect((await ping(body)).status).toBe(200));
});

describe('the headers of a webhook', () => {
  it.each([
    ['a missing content type', { 'content-type': undefined }, 415],
    ['plain text', { 'content-type': 'text/plain' }, 415],
    ['JSON in another charset', { 'content-type': 'application/json; charset=utf-16' }, 415],
    ['a content type named like a property of objects', { 'content-type': 'constructor' }, 415],
    ['an unknown encoding', { 'content-encoding': 'br' }, 415],
    ['two encodings', { 'content-encoding': 'identity, gzip' }, 415],
    [
      'a missing signature beside another fault',
      { 'x-hub-signature-256': undefined, 'content-type': 'x' },
      401,
    ],
  ])('are refused for %s', async (_case, headers, status) => {
    expect((await send(PUSH, headers)).status).toBe(status);
    expect(requested).toEqual([]);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json'])(
    'are accepted with the content type %s',
    async (type) => expect((await send(PUSH, { 'content-type': type })).status).toBe(202),
  );
});

describe('Gitea and Forgejo', () => {
  const bare = signatureOf(SECRET, Buffer.from(PUSH)).slice('sha256='.length);
  const headers = { 'x-github-event': undefined, 'x-gitea-event': 'push', 'x-gitea-delivery': 'g-1' };

  it.each([
    ['both signatures', { 'x-gitea-signature': bare }],
    ['only their own signature', { 'x-gitea-signature': bare, 'x-hub-signature-256': undefined }],
    [
      "GitHub's headers too",
      { 'x-gitea-signature': bare, 'x-github-event': 'push', 'x-github-delivery': 'g-1' },
    ],
  ])('push with %s', async (_case, more) => {
    expect((await send(PUSH, { ...headers, ...more })).status).toBe(202);
    expect(requested).toEqual([
      { kind: 'deploy', trigger: 'webhook', branch: 'main', expected: TIP, delivery: 'g-1' },
    ]);
  });

  it.each([
    ['of another body', signatureOf(SECRET, Buffer.from('{}')).slice(7)],
    ['that is empty, as without a secret', ''],
    ['with a method', signatureOf(SECRET, Buffer.from(PUSH))],
    ['sent twice', `${bare}, ${bare}`],
  ])('are refused with a signature %s', async (_case, signature) => {
    const sent = { ...headers, 'x-gitea-signature': signature, 'x-hub-signature-256': undefined };
    expect((await send(PUSH, sent)).status).toBe(401);
    expect(requested).toEqual([]);
  });

  it('cannot replace an invalid GitHub signature with their own', async () => {
    const sent = { 'x-gitea-signature': bare, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    expect((await send(PUSH, sent)).status).toBe(401);
  });

  it('get a hint not to send forms, because they sign the payload before they encode it', async () => {
    const body = `payload=${encodeURIComponent(PUSH)}`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await send(body, { ...headers, ...form, 'x-gitea-signature': bare });
    expect([answer.status, answer.body.error.hint]).toEqual([
      415,
      "Choose application/json in the webhook's settings.",
    ]);
  });
});

describe('GitLab', () => {
  const headers = {
    'x-github-event': undefined,
    'x-hub-signature-256': undefined,
    'x-gitlab-event': 'Push Hook',
    'x-gitlab-token': SECRET,
  };
  const gitlab = (more: Record<string, string | undefined> = {}, body = PUSH): request.Test =>
    send(body, { ...headers, ...more });
  const project = { path_with_namespace: 'you/other', git_http_url: 'https://evil.example/x.git' };
  const body = { object_kind: 'push', event_name: 'push', ref: 'refs/heads/main', after: TIP, project };

  it('pushes with the secret as its token, and cannot choose the repository', async () => {
    const answer = await gitlab({ 'idempotency-key': 'i-1' }, JSON.stringify(body));
    expect(answer.status).toBe(202);
    expect(requested).toEqual([
      { kind: 'deploy', trigger: 'webhook', branch: 'main', expected: TIP, delivery: 'i-1' },
    ]);
  });

  it.each([
    ['a missing token', { 'x-gitlab-token': undefined }],
    ['an empty token', { 'x-gitlab-token': '' }],
    ['another token', { 'x-gitlab-token': `${SECRET}0` }],
    ['a prefix of the secret', { 'x-gitlab-token': SECRET.slice(0, -1) }],
    ['the token twice', { 'x-gitlab-token': `${SECRET}, ${SECRET}` }],
    ['the token as the signature of GitHub', { 'x-gitlab-token': undefined, 'x-hub-signature-256': SECRET }],
    ['a wrong signature beside the token', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
  ])('is refused with %s', async (_case, more) => {
    const answer = await gitlab(more);
    expect([answer.status, answer.body.error.code]).toEqual([401, 'E_SIGNATURE']);
    expect(answer.text).not.toContain(SECRET);
    expect(requested).toEqual([]);
  });

  it.each([
    ['for another branch', 'Push Hook', { ...body, ref: 'refs/heads/next' }, 'only main deploys, not next'],
    ['for a deletion', 'Push Hook', { ...body, after: '0'.repeat(40) }, 'was deleted'],
    ['for a tag', 'Tag Push Hook', { ...body, ref: 'refs/tags/v1' }, 'not "Tag Push Hook"'],
    ['for another event', 'Pipeline Hook', {}, 'only pushes deploy, not "Pipeline Hook"'],
  ])('deploys nothing %s, and gets the reason', async (_case, event, sent, why) => {
    const answer = await gitlab({ 'x-gitlab-event': event }, JSON.stringify(sent));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ignored: expect.stringContaining(why) });
    expect(requested).toEqual([]);
  });

  it('is not mistaken for GitHub because of its own event header', async () => {
    const answer = await gitlab({ 'x-gitlab-event': undefined, 'x-github-event': 'push' });
    expect(answer.body).toEqual({ ignored: expect.stringContaining('no event') });
  });

  it('may use a secret with characters beyond ASCII', async () => {
    const secret = 'ein-Schlüssel-für-alle';
    const app2 = testWebhook({
      secrets: () => ['other', secret],
      request: () => Promise.resolve(deployment({ id: 1 })),
    });
    // as the bytes of UTF-8 arrive
    const token = Buffer.from(secret).toString('latin1');
    expect((await sendTo(app2, PUSH, { ...headers, 'x-gitlab-token': token })).status).toBe(202);
  });
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
