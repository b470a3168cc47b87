/** The credentials of a source never appear in the arguments of a process, in a message or in the journal's source. */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutCredentials, withoutPassword } from '../../deploy/core/redact-url';
import { askSource } from '../../deploy/git/ask-source';
import { tipInSource, updateMirror } from '../../deploy/git/mirror';
import { tipOf } from '../../deploy/git/mirror-commits';
import type { Home } from '../../deploy/home/home';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';

/** Long enough that every process of git is sampled. */
const ANSWER_AFTER_MS = 50;
const USER = 'deployer';

let home: Home;
let clone: Repository;
let server: Server;
let expected: string;
let port: number;

beforeEach(async () => {
  let top: string;
  ({ home, clone, top } = homeAndClone());
  clone.commit('first');
  server = createServer((request, response) => void answer(top, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => server.close());

/** Serves the repository as a Git host does: `git http-backend` behind basic authentication. */
async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await sleep(ANSWER_AFTER_MS);
  const wanted = `Basic ${Buffer.from(expected).toString('base64')}`;
  if (request.headers.authorization !== wanted) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const url = new URL(request.url ?? '', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  for await (const chunk of backend.stdout) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf('\r\n\r\n');
  for (const line of all.subarray(0, end).toString().split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name === 'Status') response.statusCode = parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(all.subarray(end + 4));
}

/** The command lines of all processes while the work runs. */
async function sampled<T>(work: () => Promise<T>): Promise<{ result: T; seen: string }> {
  const seen = new Set<string>();
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) seen.add(commandLine(pid));
      await sleep(5);
    }
  })();
  const result = await work().finally(() => (isOver = true));
  await sampling;
  return { result, seen: [...seen].join('\n') };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const NASTY = `p@ss/w:rd%#?&'"$(id)\`\\*é`;

describe.each([
  ['with plain letters', 'hunter2secret', 'hunter2secret'],
  ['with every special character, escaped', NASTY, encodeURIComponent(NASTY).replaceAll("'", '%27')],
  ['with special characters, unescaped', NASTY.replace('%', ''), NASTY.replace('%', '')],
])('a source behind a password %s', (_, password, written) => {
  const source = (): string => `http://${USER}:${written}@127.0.0.1:${port}/clone/.git`;
  const reveals = (text: string): boolean =>
    [password, written, written.slice(0, 6)].some((part) => text.includes(part));

  beforeEach(() => (expected = `${USER}:${password}`));

  it('is polled, queried and fetched, and no process has the password in its arguments', async () => {
    const tip = clone.git('rev-parse', 'HEAD');
    const { result, seen } = await sampled(async () => [
      await tipInSource(home, source(), 'main'),
      await askSource(home, source(), 'main', 10_000),
      await updateMirror(home, source()).then(() => tipOf(home, 'main')),
    ]);

    expect(result).toEqual([tip, tip, tip]);
    expect(seen).toContain('git\0ls-remote\0--\0http://127.0.0.1');
    expect(seen).toMatch(/remote-http\0/);
    expect(reveals(seen)).toBe(false);
  });

  it('is refused when the password is wrong, and the error contains no part of it', async () => {
    expected = 'someone:else';
    const failure = await updateMirror(home, source()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'E_SOURCE' });
    expect(reveals((failure as Error).message)).toBe(false);
    expect(withoutPassword(source())).toBe(`http://***@127.0.0.1:${port}/clone/.git`);
    expect(withoutCredentials(source())).toBe(`http://127.0.0.1:${port}/clone/.git`);
  });
});

it('takes a token as the user, with an empty password', async () => {
  expected = 'token-of-a-user:';
  const source = `http://token-of-a-user:@127.0.0.1:${port}/clone/.git`;
  const { result, seen } = await sampled(() => tipInSource(home, source, 'main'));
  expect(result).toBe(clone.git('rev-parse', 'HEAD'));
  expect(seen).not.toContain('token-of-a-user');
});
