/** The commands and the push, as a person and a script meet them. */
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
    '%s says that nothing was started',
    async (name) => {
      const said = await clone.switchyard(name);

      expect(said.code).toBe(1);
      expect(said.text).toContain('Start it: npm start [E_NOT_STARTED]');
      expectNoStack(said);
    },
  );

  it('a port in use ends the start with a line that works', async () => {
    const stranger = await occupy(clone.ports.http);
    const said = await clone.start();
    stranger.close();

    expect(said.code).toBe(1);
    expect(said.text).toContain(`HTTP_PORT: Port ${clone.ports.http} is `);
    expect(said.text).toMatch(
      /Choose others: HTTP_PORT=\d+ BLUE_PORT=\d+ GREEN_PORT=\d+ DEPLOYER_PORT=\d+ npm start \[E_PORT_IN_USE\]/,
    );
    expectNoStack(said);
  });
});

describe('of a running Switchyard', () => {
  let first: string;

  beforeAll(async () => {
    expectDone(await clone.start());
    first = (await clone.serving()).commit;
  });

  it('status tells every slot, and as JSON what a script needs', async () => {
    const told = await clone.switchyard('status');
    expectDone(told);
    expect(told.text).toMatch(/^blue +:\d+ +active +v\S+ \([0-9a-f]{7}\)$/m);
    expect(told.text).toMatch(/^green +:\d+ +idle +empty$/m);

    const json = JSON.parse((await clone.switchyard('status', '--json')).text) as Record<string, unknown>;
    expect(json).toMatchObject({
      healthy: true,
      home: clone.home.dir,
      serving: { slot: 'blue', commit: first },
      deployer: true,
    });
  });

  it('deploy says that HEAD is live already, and succeeds', async () => {
    const said = await clone.switchyard('deploy');

    expectDone(said);
    expect(said.text).toMatch(/^✓ LIVE already: .* on blue\n$/m);
  });

  it('deploy:blue is refused while blue serves, and names green', async () => {
    const said = await clone.switchyard('deploy:blue');

    expect(said.code).toBe(1);
    expect(said.text).toContain('blue is the active slot');
    expect(said.text).toContain('npm run -s deploy:green [E_SLOT_ACTIVE]');
  });

  it('deploy:green starts HEAD in green even though blue serves it already', async () => {
    const said = await clone.switchyard('deploy:green');

    expectDone(said);
    expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    expect(await clone.serving()).toMatchObject({ commit: first });
  });

  it('deploy never takes uncommitted work along, and says so', async () => {
    clone.write('more/new.txt', 'not committed');
    const said = await clone.switchyard('deploy');

    expect(said.text).toContain('! 1 changed file is not in this version (git commit first)');
    expectDone(said);
  });

  it('deploy takes a commit that was never pushed, and a script reads the answer as JSON', async () => {
    clone.change({ files: { 'more/a.txt': 'a' } });
    const commit = await clone.commit('not pushed');

    const said = await clone.switchyard('deploy', commit.slice(0, 10), '--json');

    expectDone(said);
    expect(JSON.parse(said.text)).toMatchObject({
      live: true,
      state: 'succeeded',
      commit,
      serving: { commit },
    });
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('rollback goes to a release by its short id, and refuses one that was never live', async () => {
    const back = await clone.switchyard('rollback', first.slice(0, 8));
    expectDone(back);
    expect(await clone.serving()).toMatchObject({ commit: first });

    const unknown = await clone.switchyard('rollback', 'abcdef12');
    expect(unknown.code).toBe(1);
    expect(unknown.text).toContain('No release "abcdef12" was ever live here.');
    expectNoStack(unknown);
  });

  it('history and logs tell what happened', async () => {
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

  it('every command has its help, and a wrong one is told', async () => {
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

  it('of another branch, a tag or a deletion is taken, answered and deploys nothing', async () => {
    const before = deployments();

    const branch = await clone.git('push', 'live', 'HEAD:refs/heads/feature');
    expectDone(branch);
    expect(branch.text).toContain('- Nothing to deploy: only main deploys, not feature');
    await clone.git('tag', 'v9');
    expect((await clone.git('push', 'live', 'v9')).text).toContain('refs/tags/v9 is no branch');
    expect((await clone.git('push', 'live', ':feature')).code).toBe(0);

    expect(deployments()).toBe(before);
  });

  it('with a wrong signature starts nothing', async () => {
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

describe('when commits come from elsewhere', () => {
  it('a push to live is refused with where to push instead', async () => {
    expectDone(await clone.switchyard('stop'));
    clone.change({ config: { source: 'https://example.org/you/app.git' } });
    expectDone(await clone.start());

    const said = await clone.push('elsewhere');

    expect(said.code).not.toBe(0);
    expect(said.text).toContain('✗ Nothing was pushed: commits come from https://example.org/you/app.git.');
    expect(said.text).toContain('Push there: git push origin main');
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
