/** Commands and pushes, as a user and a script see them. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { postPing, postPush } from '../../deploy/client/post-webhook';
import { readSecret } from '../../deploy/home/webhook-secret';
import { program } from '../../deploy/commands/program';
import { expectDone } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

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
    expect(result.text).toContain('./switchyard deploy:green [E_SLOT_ACTIVE]');
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

    expect(result.text).toContain('! 1 untracked file is not in this version (git commit first)');
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

  it('no control sequence of a commit or of its output reaches a terminal, except with logs --raw', async () => {
    const title = '\u001b]0;owned\u0007';
    const says =
      'console.log("\\x1b]52;c;cm0=\\x07\\x1b[2J\\u202e\\x9b31mError: \\x1b[31mbroken"); process.exit(4)';
    const { text, deployment } = await clone.release({
      config: { app: { build: ['node', '-e', says] } },
      manifest: { version: `2.0.0${title}\u202e` },
    });
    const log = String(deployment.id);
    const texts = [text];
    for (const args of [
      ['history'],
      ['history', '--json'],
      ['logs', log],
      ['logs', log, '--json'],
      ['status'],
    ])
      texts.push((await clone.switchyard(...args)).text);

    // git itself erases the rest of each line of "remote:"
    const shown = texts.join('\n').replaceAll('\u001b[K', '');
    expect(shown).toContain('Error: broken');
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\p{Bidi_Control}]/u);
    expect((await clone.switchyard('logs', log, '--raw')).text).toContain(
      '\u001b]52;c;cm0=\u0007\u001b[2J\u202e',
    );
  });

  it('logs --follow prints new lines, even after a rotation', async () => {
    const log = path.join(clone.home.logs, 'deployer.log');
    appendFileSync(log, 'first\n');
    const child = spawn(process.execPath, ['bin/switchyard.js', 'logs', 'deployer', '--follow', '-n', '1'], {
      cwd: clone.dir,
      env: { ...process.env, SWITCHYARD_HOME: clone.home.dir },
    });
    try {
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (shown += chunk));
      await until('the last line', () => shown === 'first\n');
      appendFileSync(log, 'before\n');
      await until('the new line', () => shown.endsWith('before\n'));
      renameSync(log, `${log}.1`);
      writeFileSync(log, 'after\u001b[2J\n');
      await until('the line after the rotation', () => shown.endsWith('after\n'));
    } finally {
      child.kill();
    }
    expect((await clone.switchyard('logs', '--follow', '--json')).text).toContain('E_USAGE');
  });

  it('logs --since leaves out older lines, in every log and before it follows one', async () => {
    const log = path.join(clone.home.logs, 'deployer.log');
    const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    writeFileSync(log, `${at(20)} old\n    its stack\n${at(5)} young\n`);
    expect((await clone.switchyard('logs', 'deployer', '--since', '10m')).text).toMatch(/^\S+ young\n$/);
    expect((await clone.switchyard('logs', 'deployer', '--since', at(1))).text).toMatch(
      /^- the log of deployer has no line since \d{4}-/,
    );
    const following = clone.terminal('exec node bin/switchyard.js logs deployer --since 10m --follow');
    await until(following.text, () => following.text().endsWith('young\n'));
    appendFileSync(log, 'new\n');
    await until(following.text, () => following.text().endsWith('young\nnew\n'));
    await following.leave();
    expect(following.text()).not.toContain('old');

    // the app's log lines have no times, so nothing is hidden
    const slot = clone.table().active as string;
    writeFileSync(
      path.join(clone.home.logs, `app-${slot}.log`),
      `--- ${at(20)} a1b2c3d starts on port 1\nhello\n`,
    );
    expect((await clone.switchyard('logs', '--since', '10m')).text).toBe(
      `! lines of ${slot} carry no time: the first ones may be older\nhello\n`,
    );
    const { id } = clone.deployments().at(-1) as { id: number };
    expectDone(await clone.switchyard('logs', String(id), '--since', '1h'));
    expectDone(await clone.switchyard('logs', 'nginx', '--since', '1h'));
    const wrong = await clone.switchyard('logs', '--since', 'yesterday');
    expect(wrong).toMatchObject({ code: 1, text: expect.stringContaining('not "yesterday"') });
    expect(wrong.text).toContain('./switchyard logs --since 10m');
  });

  it('every command has a help text, and an unknown command gets a suggestion', async () => {
    const all = program.commands.flatMap((command) => [
      [command.name()],
      ...command.commands.map((inner) => [command.name(), inner.name()]),
    ]);
    expect(all.length).toBeGreaterThan(25);
    for (const words of all)
      expect(expectDone(await clone.switchyard(...words, '--help')).text).toMatch(
        new RegExp(`^Usage: switchyard ${words.join(' ')} `),
      );
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
    expect((await clone.git('push', 'live', 'v9')).text).toContain('refs/tags/v9 is not a branch');
    expect((await clone.git('push', 'live', ':feature')).code).toBe(0);

    expect(deployments()).toBe(before);
  });

  it('with a wrong signature starts no deployment, and history says that it was refused', async () => {
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
    const refused = /^! 1 webhook refused, the last at .*: The signature is missing or wrong\.$/m;
    await until('history to show it', async () => refused.test((await clone.switchyard('history')).text));
  });
});

it('secret rotate prints a new webhook secret, and the running deployer accepts both for a while', async () => {
  const ping = (secret: string): Promise<number> =>
    postPing({ port: clone.ports.deployer, secret, timeoutMs: 5000 });
  const earlier = readSecret(clone.home);

  const rotated = await clone.switchyard('secret', 'rotate');

  expectDone(rotated);
  const [line, fresh = ''] = rotated.text.split('\n');
  expect(line).toMatch(/^✓ there is a new webhook secret; the earlier one is valid until \d{4}-/);
  expect([await ping(fresh), await ping(earlier)]).toEqual([200, 200]);
  expect(fresh).not.toBe(earlier);

  const status = async (): Promise<{ earlierSecretValidUntil: number | null }> =>
    JSON.parse((await clone.switchyard('status', '--json')).text) as {
      earlierSecretValidUntil: number | null;
    };
  const until = /valid until (\d{4}-.*)$/.exec(line ?? '')?.[1] ?? '';
  const shown = (await clone.switchyard('status')).text;
  expect(shown).toContain(`the earlier webhook secret is valid too, until ${until}`);
  expect(shown).not.toContain(earlier);
  expect((await status()).earlierSecretValidUntil).toBeGreaterThan(Date.now() + 86_000_000);
  expect((await clone.switchyard('doctor')).text).toContain(`the earlier one is valid until ${until}`);

  // the first secret is now two rotations old, and the second one expires immediately
  const again = await clone.switchyard('secret', 'rotate', '--keep', '0', '--json');
  const { secret } = JSON.parse(again.text) as { secret: string };
  expect([await ping(secret), await ping(fresh), await ping(earlier)]).toEqual([200, 401, 401]);
  expect((await status()).earlierSecretValidUntil).toBeNull();
  expect((await clone.switchyard('secret', 'rotate', '--keep', '1000')).text).toContain('[E_USAGE]');
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
