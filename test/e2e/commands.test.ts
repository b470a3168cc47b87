/** Commands and pushes, as a user and a script see them. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { postPush } from '../../deploy/client/post-webhook';
import { expectDone } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
});
afterAll(() => clone.cleanUp());

describe('before the first start', () => {
  it.each(['status', 'deploy', 'rollback', 'history', 'logs', 'stop'])(
    '%s reports that nothing was started',
    async (name) => {
      const result = await clone.switchyard(name);

      expect(result.code).toBe(1);
      expect(result.text).toContain('Start it: npm start [E_NOT_STARTED]');
      expectNoStack(result);
    },
  );

  it('npm start fails when a port is in use, and suggests free ports', async () => {
    const server = await occupy(clone.ports.http);
    const result = await clone.start();
    server.close();

    expect(result.code).toBe(1);
    expect(result.text).toContain(`HTTP_PORT: Port ${clone.ports.http} is `);
    expect(result.text).toMatch(
      /Choose others: HTTP_PORT=\d+ BLUE_PORT=\d+ GREEN_PORT=\d+ DEPLOYER_PORT=\d+ npm start \[E_PORT_IN_USE\]/,
    );
    expectNoStack(result);
  });
});

describe('with a running Switchyard', () => {
  let first: string;

  beforeAll(async () => {
    expectDone(await clone.start());
    first = (await clone.serving()).commit;
  });

  it('status lists every slot, and --json prints the same for scripts', async () => {
    const status = await clone.switchyard('status');
    expectDone(status);
    expect(status.text).toMatch(/^blue +:\d+ +active +v\S+ \([0-9a-f]{7}\)$/m);
    expect(status.text).toMatch(/^green +:\d+ +idle +empty$/m);

    const json = JSON.parse((await clone.switchyard('status', '--json')).text) as Record<string, unknown>;
    expect(json).toMatchObject({
      healthy: true,
      home: clone.home.dir,
      serving: { slot: 'blue', commit: first },
      deployer: true,
    });
  });

  it('deploy succeeds and reports that HEAD is already live', async () => {
    const result = await clone.switchyard('deploy');

    expectDone(result);
    expect(result.text).toMatch(/^✓ LIVE already: .* on blue\n$/m);
  });

  it('deploy:blue is refused while blue is the active slot, and suggests green', async () => {
    const result = await clone.switchyard('deploy:blue');

    expect(result.code).toBe(1);
    expect(result.text).toContain('blue is the active slot');
    expect(result.text).toContain('npm run -s deploy:green [E_SLOT_ACTIVE]');
  });

  it('deploy:green starts HEAD in green although it is already live in blue', async () => {
    const result = await clone.switchyard('deploy:green');

    expectDone(result);
    expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    expect(await clone.serving()).toMatchObject({ commit: first });
  });

  it('deploy leaves out uncommitted work and says so', async () => {
    clone.write('more/new.txt', 'not committed');
    const result = await clone.switchyard('deploy');

    expect(result.text).toContain('! 1 changed file is not in this version (git commit first)');
    expectDone(result);
  });

  it('deploy accepts a commit that was never pushed, and --json prints the result', async () => {
    clone.change({ files: { 'more/a.txt': 'a' } });
    const commit = await clone.commit('not pushed');

    const result = await clone.switchyard('deploy', commit.slice(0, 10), '--json');

    expectDone(result);
    expect(JSON.parse(result.text)).toMatchObject({
      live: true,
      state: 'succeeded',
      commit,
      serving: { commit },
    });
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('rollback accepts a short commit id and refuses a release that was never live', async () => {
    const back = await clone.switchyard('rollback', first.slice(0, 8));
    expectDone(back);
    expect(await clone.serving()).toMatchObject({ commit: first });

    const unknown = await clone.switchyard('rollback', 'abcdef12');
    expect(unknown.code).toBe(1);
    expect(unknown.text).toContain('No release "abcdef12" was ever live here.');
    expectNoStack(unknown);
  });

  it('history and logs show what happened', async () => {
    const history = await clone.switchyard('history');
    expect(history.text).toMatch(/^#1 .* deploy +succeeded/m);
    expect(history.text).toMatch(/ rollback +succeeded/);
    const { deployments } = JSON.parse((await clone.switchyard('history', '--json')).text) as {
      deployments: unknown[];
    };
    expect(deployments.length).toBe(clone.deployments().length);

    expect((await clone.switchyard('logs')).text).toMatch(/--- .* starts on port/);
    expect((await clone.switchyard('logs', 'yellow')).text).toContain('There is no log "yellow".');
  });

  it('every command has a help text, and an unknown command gets a suggestion', async () => {
    for (const name of ['stop', 'deploy', 'deploy:blue', 'rollback', 'status', 'history', 'logs']) {
      const help = await clone.switchyard(name, '--help');
      expectDone(help);
      expect(help.text).toContain('--json');
    }
    const wrong = await clone.switchyard('statsu');
    expect(wrong.code).toBe(1);
    expect(wrong.text).toContain('Did you mean status?');
  });
});

describe('a push', () => {
  const deployments = (): number => clone.deployments().length;

  it('of another branch, a tag or a deletion is accepted, explained and deploys nothing', async () => {
    const before = deployments();

    const branch = await clone.git('push', 'live', 'HEAD:refs/heads/feature');
    expectDone(branch);
    expect(branch.text).toContain('- Nothing to deploy: only main deploys, not feature');
    await clone.git('tag', 'v9');
    expect((await clone.git('push', 'live', 'v9')).text).toContain('refs/tags/v9 is no branch');
    expect((await clone.git('push', 'live', ':feature')).code).toBe(0);

    expect(deployments()).toBe(before);
  });

  it('with a wrong signature starts no deployment', async () => {
    const before = deployments();
    const push = {
      port: clone.ports.http,
      before: '',
      after: '',
      ref: 'refs/heads/main',
      delivery: randomUUID(),
    };

    await expect(postPush({ ...push, secret: 'not the secret' })).rejects.toMatchObject({
      code: 'E_SIGNATURE',
    });

    expect(deployments()).toBe(before);
  });
});

describe('when commits come from another repository', () => {
  it('a push to live is refused and the message names the right remote', async () => {
    expectDone(await clone.switchyard('stop'));
    clone.change({ config: { source: 'https://example.org/you/app.git' } });
    expectDone(await clone.start());

    const result = await clone.push('elsewhere');

    expect(result.code).not.toBe(0);
    expect(result.text).toContain('✗ Nothing was pushed: commits come from https://example.org/you/app.git.');
    expect(result.text).toContain('Push there: git push origin main');
  });
});

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(port, () => resolve(server));
  });
}

function expectNoStack({ text }: CommandResult): void {
  expect(text).not.toMatch(/\n\s+at /);
}
