/** A push from another machine: over SSH, to a real sshd, with no Node in the PATH of its sessions. */
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { portInUse } from '../../deploy/os/port-holder';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { needs, root } from '../support/needs';
import { sshd, sshServer, type SshServer } from '../support/sshd';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

const WHO = 'git -c user.name=Colleague -c user.email=colleague@example.org';

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
});
afterAll(() => clone.cleanUp());

needs('root', root).test(
  'npm start prints the remote for another machine, where port 22 is open',
  async () => {
    const open = portInUse(22) ? null : createServer().listen(22, '127.0.0.1');
    const { text } = expectDone(await clone.start());
    open?.close();
    const address = `ssh://${userInfo().username}@${hostname()}${clone.home.pushGit}`;
    expect(text).toContain(`\nFrom another machine: git remote add live ${address}\n`);
  },
);

it('start --json prints one document on standard output, and its progress on standard error', async () => {
  const first = expectDone(await clone.shell('node scripts/start.js --json 2>/dev/null'));
  const document = JSON.parse(first.text) as object;
  expect(document).toMatchObject({
    url: `http://localhost:${clone.ports.http}`,
    home: clone.home.dir,
    serving: { slot: 'blue', version: '1.0.0' },
    changes: [],
    push: `ssh://${userInfo().username}@${hostname()}${clone.home.pushGit}`,
  });
  const refused = await clone.shell('HTTP_PORT=none node scripts/start.js --json 2>/dev/null');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.text)).toMatchObject({ error: { code: expect.stringMatching(/^E_/) } });
});

needs('sshd', sshd).describe('a colleague on another machine', () => {
  let server: SshServer;
  let colleague: string;
  let ssh: string;

  beforeAll(async () => {
    expectDone(await clone.start());
    const top = path.join(clone.dir, '..');
    const page = readFileSync(path.join(__dirname, '../../docs/ci-cd.md'), 'utf8');
    const [restriction = ''] = /restrict,command=.*(?= ssh-ed25519)/.exec(page) ?? [];
    server = await sshServer(path.join(top, 'ssh'), withoutNode(path.join(top, 'bin')), restriction);
    colleague = path.join(top, 'colleague');
    ssh = `export GIT_SSH_COMMAND='${server.command}'`;
  });
  afterAll(() => server.stop());

  it('finds that no Node is in the PATH of the session', async () => {
    const command = `${server.shell} ${server.address} 'command -v node || echo none'`;
    expect((await clone.shell(command)).text).toBe('none\n');
  });

  it('clones push.git, pushes, and reads the lines of the deployment while it runs', async () => {
    const url = `${server.address}${clone.home.pushGit}`;
    expectDone(await clone.shell(`${ssh}; git clone --quiet -o live ${url} ${colleague}`));
    const behaviour = JSON.stringify({ listensAfterMs: 1500 });
    writeFileSync(path.join(colleague, 'app', 'behaviour.json'), behaviour);

    const push = clone.terminal(
      `cd ${colleague}; ${ssh}; ${WHO} commit --quiet -am 'From afar' && git push live main`,
    );
    await until(push.text, () => push.text().includes('check out'));
    expect(clone.deployments().at(-1)?.state).toBe('running');

    expect(await push.ended).toBe(0);
    expectLive({ code: 0, text: push.text() });
    const commit = (await clone.git('-C', colleague, 'rev-parse', 'HEAD')).text.trim();
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('gets no shell with the documented line for the key', async () => {
    const refused = await clone.shell(`${server.command} ${server.address} id`);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain("unrecognized command 'id'");
  });

  it('gets the verdict of a bad push, and Ctrl-C ends only the output', async () => {
    writeFileSync(path.join(colleague, 'app', 'behaviour.json'), JSON.stringify({ health: 500 }));
    const bad = await clone.shell(`cd ${colleague}; ${ssh}; ${WHO} commit -qam Bad; git push live main`);
    expect(verdictOf(bad.text)).toMatch(/^✗ NOT LIVE\. Still serving/);

    const behaviour = JSON.stringify({ listensAfterMs: 1500, work: 200 });
    writeFileSync(path.join(colleague, 'app', 'behaviour.json'), behaviour);
    const push = clone.terminal(`cd ${colleague}; ${ssh}; ${WHO} commit -qam Good; git push live main`);
    await until(push.text, () => push.text().includes('check out'));
    await push.leave();
    await until('the end', () => clone.deployments().at(-1)?.state === 'succeeded');
  });
});

/** A folder with the system's programs except Node, as on a server whose Node is only in the PATH of login shells. */
function withoutNode(folder: string): string {
  mkdirSync(folder);
  for (const name of readdirSync('/usr/bin').filter((each) => !/^(node|npm|npx)/.test(each)))
    symlinkSync(path.join('/usr/bin', name), path.join(folder, name));
  return folder;
}
