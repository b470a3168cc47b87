/** Generated hostile webhooks: the status follows from what was sent, and only a valid push deploys. */
import fc from 'fast-check';
import { Agent, createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureOf } from '../../deploy/http/webhook/signature';
import type { RequestDeployment } from '../../deploy/deployer/requests';
import { deployment } from '../support/deployments';
import { SECRET, testWebhook } from '../support/webhook';

const RUNS = 5000;
const LIMIT = 4096;
const AT_ONCE = 20;
const WITHIN_MS = 60_000;
const BRANCH = 'main';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const FORGES = ['github', 'gitea', 'gitlab'] as const;

let server: Server;
const agent = new Agent({ keepAlive: true });
let requested: Parameters<RequestDeployment>[0][];

beforeAll(async () => {
  const request: RequestDeployment = (what) => {
    requested.push(what);
    return Promise.resolve(deployment({ id: 1 }));
  };
  server = createServer(
    testWebhook({ request, branch: BRANCH, limits: { size: LIMIT, atOnce: AT_ONCE, withinMs: 1000 } }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => (requested = []));
afterAll(async () => {
  agent.destroy();
  await new Promise((resolve) => server.close(resolve));
});

interface Sent {
  method: string;
  forge: (typeof FORGES)[number];
  event: string | null;
  type: string | null;
  encoding: string | null;
  body: Buffer;
  signature: string | null;
  isChunked: boolean;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'refs/heads/main',
    'refs/heads/main\u0000',
    '$(reboot)',
    '../..',
    '',
  ),
);
const ref = fc.oneof(
  { weight: 3, arbitrary: fc.constant<unknown>(`refs/heads/${BRANCH}`) },
  text.map((name) => `refs/heads/${name}`),
  text,
  fc.anything(),
);
const after = fc.oneof(
  fc.constantFrom('0'.repeat(40), 'a'.repeat(40), 'A'.repeat(40), '$(id)', undefined),
  fc.anything(),
);
const push = fc
  .record(
    { ref, after, deleted: fc.oneof(fc.boolean(), fc.anything()), commits: fc.jsonValue() },
    { requiredKeys: [] },
  )
  .map((value) => asJson(value));
const depth = fc.integer({ min: 1, max: 2000 }).map((levels) => '['.repeat(levels) + ']'.repeat(levels));
const manyKeys = fc
  .array(text, { maxLength: 100 })
  .map((keys) => asJson(Object.fromEntries(keys.map((key) => [key, 1]))));
const payload = fc.oneof(
  { weight: 4, arbitrary: push },
  depth,
  manyKeys,
  fc.json(),
  text,
  push.map((json) => `${json},`),
  push.map((json) => json.slice(0, -1)),
  fc.constant('{"__proto__":{"ref":"refs/heads/main"}}'),
  fc
    .integer({ min: LIMIT - 40, max: LIMIT + 40 })
    .map((length) => asJson({ ref: `refs/heads/${BRANCH}`, x: '' }).padEnd(length)),
);
const sent: fc.Arbitrary<Sent> = fc
  .record({
    forge: fc.constantFrom(...FORGES),
    method: fc.oneof(
      { weight: 20, arbitrary: fc.constant('POST') },
      fc.constantFrom('GET', 'PUT', 'HEAD', 'DELETE'),
    ),
    event: fc.option(
      fc.constantFrom('push', 'push', 'push', 'ping', 'issues', 'PUSH', 'push, ping', '__proto__'),
    ),
    type: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(JSON_TYPE, FORM_TYPE) },
      fc.constantFrom(
        'application/json; charset=utf-8',
        'application/json;charset=latin1',
        'text/plain',
        'toString',
        null,
      ),
    ),
    encoding: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, fc.constantFrom('identity', 'gzip', 'x')),
    payload,
    wrap: fc.constantFrom('fitting', 'fitting', 'fitting', 'raw', 'twice'),
    prefix: fc.oneof(
      { weight: 9, arbitrary: fc.constant(new Uint8Array()) },
      fc.uint8Array({ maxLength: 8 }),
    ),
    signing: fc.constantFrom(
      'right',
      'right',
      'right',
      'other secret',
      'other body',
      'none',
      'upper',
      'short',
      'twice',
    ),
    isChunked: fc.boolean(),
  })
  .map(({ payload: json, wrap, prefix, signing, ...rest }): Sent => {
    const field = `payload=${encodeURIComponent(Buffer.from(json).toString())}`;
    const form = wrap === 'twice' ? `${field}&${field}` : field;
    const isForm = rest.type === FORM_TYPE ? wrap !== 'raw' : wrap === 'twice';
    const body = Buffer.concat([prefix, Buffer.from(isForm ? form : json)]);
    const signature = rest.forge === 'gitlab' ? tokenLike(signing) : signed(signing, body);
    return { ...rest, body, signature };
  });

/** GitLab's token, right or wrong in the same ways. */
function tokenLike(how: string): string | null {
  const ways: Record<string, string | null> = {
    right: SECRET,
    'other secret': 'another secret of ours',
    'other body': signatureOf(SECRET, Buffer.from('{}')),
    none: null,
    upper: SECRET.toUpperCase(),
    short: SECRET.slice(0, -1),
    twice: `${SECRET}, ${SECRET}`,
  };
  return ways[how] ?? null;
}

function signed(how: string, body: Buffer): string | null {
  const right = signatureOf(SECRET, body);
  const ways: Record<string, string | null> = {
    right,
    'other secret': signatureOf('another secret of ours', body),
    'other body': signatureOf(SECRET, Buffer.concat([body, Buffer.from(' ')])),
    none: null,
    upper: right.toUpperCase(),
    short: right.slice(0, -1),
    twice: `${right}, ${right}`,
  };
  return ways[how] ?? null;
}

/** The status by the rules of the documentation, written independently of the code. */
function expected({ forge, method, event, type, encoding, body, signature }: Sent): number {
  if (method !== 'POST') return 405;
  if (forge === 'gitlab' ? signature !== SECRET : !/^sha256=[0-9a-f]{64}$/.test(signature ?? '')) return 401;
  if (encoding !== null && encoding !== 'identity') return 415;
  if (![JSON_TYPE, FORM_TYPE, 'application/json; charset=utf-8'].includes(type ?? '')) return 415;
  if (forge === 'gitea' && event !== null && type === FORM_TYPE) return 415;
  if (body.length > LIMIT) return 413;
  if (forge !== 'gitlab' && signature !== signatureOf(SECRET, body)) return 401;
  if (event !== 'push' && event !== 'ping') return 200;
  const said = read(type === FORM_TYPE, body);
  if (said === undefined) return 400;
  if (event === 'ping') return 200;
  const { ref: moved, deleted = false, after: tip } = (said.value ?? {}) as Record<string, unknown>;
  if (!isPlain(said.value) || typeof moved !== 'string' || moved === '' || typeof deleted !== 'boolean')
    return 400;
  return moved === `refs/heads/${BRANCH}` && !deleted && tip !== '0'.repeat(40) ? 202 : 200;
}

function read(isForm: boolean, body: Buffer): { value: unknown } | undefined {
  const fields = isForm ? new URLSearchParams(body.toString()).getAll('payload') : [body.toString()];
  if (fields.length !== 1) return undefined;
  try {
    return { value: JSON.parse(fields[0] ?? '') };
  } catch {
    return undefined;
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Values that JSON cannot express are omitted. */
function asJson(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ??
      'null'
    );
  } catch {
    return 'null';
  }
}

function headersOf({ forge, event, signature }: Sent): Record<string, string> {
  const proof = {
    github: { 'x-hub-signature-256': signature },
    gitea: { 'x-gitea-signature': signature?.replace(/^sha256=/i, '') },
    gitlab: { 'x-gitlab-token': signature },
  }[forge];
  const all = {
    [`x-${forge}-event`]: forge === 'gitlab' && event === 'push' ? 'Push Hook' : event,
    ...proof,
  };
  const given = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}

function send(what: Sent): Promise<number> {
  const { method, type, encoding, body, isChunked } = what;
  const headers = {
    ...headersOf(what),
    ...(type !== null && { 'content-type': type }),
    ...(encoding !== null && { 'content-encoding': encoding }),
    ...(isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length }),
  };
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asking = ask({ host: '127.0.0.1', port, path: '/_deploy/webhook', method, headers, agent });
    asking.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
    asking.on('error', reject);
    asking.end(body);
  });
}

it(
  `${RUNS} generated webhooks get the right status, and only valid pushes deploy`,
  async () => {
    const seen = new Set<number>();
    const batch = fc.array(sent, { minLength: AT_ONCE, maxLength: AT_ONCE });
    await fc.assert(
      fc.asyncProperty(batch, async (all) => {
        requested = [];
        const statuses = await Promise.all(all.map(send));
        expect(statuses).toEqual(all.map(expected));
        expect(requested).toHaveLength(statuses.filter((status) => status === 202).length);
        for (const { kind, branch, commit } of requested)
          expect([kind, branch, commit]).toEqual(['deploy', BRANCH, undefined]);
        statuses.forEach((status) => seen.add(status));
      }),
      { numRuns: RUNS / AT_ONCE },
    );
    // every rule must be reached; otherwise the generators miss cases
    expect([...seen].sort()).toEqual([200, 202, 400, 401, 405, 413, 415]);
  },
  WITHIN_MS,
);
