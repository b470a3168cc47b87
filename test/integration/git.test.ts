import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { currentBranch, resolveRef, uncommittedCount } from '../../deploy/git/clone';
import { sendCommit, updateMirror } from '../../deploy/git/mirror';
import { describe as describeCommit } from '../../deploy/git/mirror-commits';
import { tipOf } from '../../deploy/git/mirror-commits';
import { ensureLiveRemote } from '../../deploy/git/live-remote';
import { preparePushRepository } from '../../deploy/git/push-repository';
import { seedSource } from '../../deploy/git/seed';
import type { Home } from '../../deploy/home/home';
import { DEPLOYMENT_MARKER, deploymentMark, killMarkedProcesses } from '../../deploy/os/marked-processes';
import { processesWith } from '../../deploy/os/process-table';
import type { Repository } from '../support/repository';
import { homeAndClone, repository } from '../support/repository';

let home: Home;
let clone: Repository;
let top: string;

beforeEach(() => {
  ({ home, clone, top } = homeAndClone());
});

const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;
const prepare = (branch = 'main'): Promise<void> =>
  preparePushRepository(home, { node: process.execPath, root: clone.dir, branch });
/** A bare repository of anybody's, as a hosted source would be. */
const hosted = (): string => {
  const url = path.join(top, 'hosted.git');
  clone.git('clone', '--quiet', '--bare', clone.dir, url);
  return url;
};
const shallow = (): Repository => {
  clone.git('clone', '--quiet', '--depth=1', `file://${clone.dir}`, path.join(top, 'shallow'));
  return repository(path.join(top, 'shallow'));
};

describe('what a clone is asked', () => {
  test('a branch, a tag, a short id and HEAD name a commit', async () => {
    const commit = clone.commit();
    clone.git('tag', 'v1');
    for (const ref of ['HEAD', 'main', 'v1', commit.slice(0, 8), commit]) {
      expect(await resolveRef(clone.dir, ref)).toBe(commit);
    }
  });

  test('a name that nothing has, an option, and a file are no commits', async () => {
    clone.write('file', '1');
    clone.commit();
    for (const ref of ['nothing', '--all', '-x', 'main:file', '']) {
      await expect(resolveRef(clone.dir, ref)).rejects.toThrow(code('E_REF'));
    }
  });

  test('digits that fit two commits are said to be too few', async () => {
    clone.commit();
    const digits = twoCommitsAlike(clone.git('rev-parse', 'HEAD^{tree}'));
    await expect(resolveRef(clone.dir, digits)).rejects.toThrow(/matches more than one commit/);
  });

  test('a folder that is no repository, and one inside another repository, are refused', async () => {
    await expect(resolveRef(home.dir, 'HEAD')).rejects.toThrow(code('E_NOT_A_REPOSITORY'));
    clone.write('unpacked/package.json', '{}');
    clone.commit();
    await expect(resolveRef(path.join(clone.dir, 'unpacked'), 'HEAD')).rejects.toThrow(
      /not a git repository of its own/,
    );
  });

  test('a repository without a commit is told as such', async () => {
    await expect(resolveRef(clone.dir, 'HEAD')).rejects.toThrow(code('E_NO_COMMIT'));
    await expect(resolveRef(clone.dir, 'main')).rejects.toThrow(code('E_NO_COMMIT'));
  });

  test('changed and new files count as not in the version, ignored ones do not', async () => {
    clone.write('a', '1');
    clone.write('b', '1');
    clone.write('.gitignore', 'ignored');
    clone.commit();
    expect(await uncommittedCount(clone.dir)).toBe(0);
    clone.write('a', '2');
    clone.git('mv', 'b', 'c');
    clone.write('new folder/é 1', '1');
    clone.write('new folder/2', '1');
    clone.write('ignored', '1');
    expect(await uncommittedCount(clone.dir)).toBe(5);
  });

  test('the branch it stands on, or none', async () => {
    clone.commit();
    expect(await currentBranch(clone.dir)).toBe('main');
    clone.git('checkout', '--quiet', '--detach');
    expect(await currentBranch(clone.dir)).toBeNull();
  });

  test("a hook's variables do not lead to another repository", async () => {
    const other = repository(path.join(top, 'other'));
    other.commit('of the other');
    const commit = clone.commit();
    process.env.GIT_DIR = path.join(other.dir, '.git');
    process.env.GIT_INDEX_FILE = '/nowhere';
    try {
      expect(await resolveRef(clone.dir, 'HEAD')).toBe(commit);
    } finally {
      delete process.env.GIT_DIR;
      delete process.env.GIT_INDEX_FILE;
    }
  });
});

/** Writes two commits whose ids begin with the same four digits, and returns these. */
function twoCommitsAlike(tree: string): string {
  const seen = new Map<string, string>();
  for (let i = 0; ; i++) {
    const who = `Test <test@example.org> ${1_700_000_000 + i} +0000`;
    const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\ncommit\n`;
    const digits = createHash('sha1').update(`commit ${text.length}\0${text}`).digest('hex').slice(0, 4);
    const twin = seen.get(digits);
    seen.set(digits, text);
    if (twin === undefined) continue;
    for (const input of [twin, text]) {
      execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd: clone.dir, input });
    }
    return digits;
  }
}

describe('push.git', () => {
  test('gets the clone as its first version, once', async () => {
    const first = clone.commit();
    await prepare();
    expect(await seedSource(home, clone.dir, 'main')).toBe(first);
    clone.commit();
    expect(await seedSource(home, clone.dir, 'main')).toBeNull();
    expect(await resolveRef(home.pushGit, 'main')).toBe(first);
  });

  test('gets it from a shallow clone too, and without firing the hooks', async () => {
    clone.commit('old');
    const commit = clone.commit('new');
    await prepare();
    writeFileSync(path.join(home.pushGit, 'hooks', 'post-receive'), `#!/bin/sh\ntouch '${top}/fired'\n`);
    expect(await seedSource(home, shallow().dir, 'main')).toBe(commit);
    expect(existsSync(path.join(top, 'fired'))).toBe(false);
  });

  test('being prepared again changes nothing, but the hooks follow a clone that has moved', async () => {
    await prepare();
    const hook = path.join(home.pushGit, 'hooks', 'post-receive');
    const config = path.join(home.pushGit, 'config');
    const before = [readFileSync(hook, 'utf8'), readFileSync(config, 'utf8')];
    await prepare();
    expect([readFileSync(hook, 'utf8'), readFileSync(config, 'utf8')]).toEqual(before);
    await preparePushRepository(home, { node: '/other/node', root: '/other', branch: 'trunk' });
    expect(readFileSync(hook, 'utf8')).toContain("NODE='/other/node'");
    expect(readFileSync(path.join(home.pushGit, 'HEAD'), 'utf8')).toBe('ref: refs/heads/trunk\n');
  });

  test("`live` is added to the clone, and a person's own `live` is left alone", async () => {
    expect(await ensureLiveRemote(home, clone.dir)).toBe('added');
    expect(await ensureLiveRemote(home, clone.dir)).toBe('there');
    clone.git('remote', 'set-url', 'live', 'https://example.org/theirs.git');
    expect(await ensureLiveRemote(home, clone.dir)).toEqual({ elsewhere: 'https://example.org/theirs.git' });
    expect(clone.git('remote', 'get-url', 'live')).toBe('https://example.org/theirs.git');
  });
});

describe('the mirror', () => {
  test("has the source's branches as they are now, after a force push and a deletion too", async () => {
    clone.commit('one');
    clone.git('branch', 'gone');
    const url = hosted();
    await updateMirror(home, url);
    clone.git('commit', '--quiet', '--amend', '--allow-empty', '-m', 'rewritten');
    clone.git('push', '--quiet', '--force', url, 'main', ':gone');
    await updateMirror(home, url);
    expect(await tipOf(home, 'main')).toBe(clone.git('rev-parse', 'HEAD'));
    await expect(tipOf(home, 'gone')).rejects.toThrow('The source has no branch "gone".');
  });

  test('gets a commit sent from a shallow clone, keeps it, and the source never sees it', async () => {
    clone.commit('one');
    const url = hosted();
    await updateMirror(home, url);
    clone.commit('two');
    const small = shallow();
    small.write('package.json', { version: '2.5.0' });
    const commit = small.commit('not pushed');
    await sendCommit(home, small.dir, commit);
    await updateMirror(home, url);
    expect(await describeCommit(home, commit)).toEqual({ subject: 'not pushed', version: '2.5.0' });
    expect(() => small.git('--git-dir', url, 'cat-file', '-e', commit)).toThrow();
  });

  test("gets an older commit from whoever's git is set to the older protocol", async () => {
    const older = clone.commit('older');
    clone.commit('newer');
    process.env.XDG_CONFIG_HOME = top;
    repository(path.join(top, 'git')).write('config', '[protocol]\n\tversion = 0\n');
    try {
      await sendCommit(home, clone.dir, older);
      await sendCommit(home, shallow().dir, clone.git('rev-parse', 'HEAD'));
    } finally {
      delete process.env.XDG_CONFIG_HOME;
    }
    expect((await describeCommit(home, older)).subject).toBe('older');
  });

  test('follows a push.git that a shallow clone has filled', async () => {
    clone.commit('old');
    const commit = clone.commit('new');
    await prepare();
    shallow().git(
      'push',
      '--quiet',
      '--no-verify',
      '--receive-pack=git -c core.hooksPath=/ receive-pack',
      home.pushGit,
      'main',
    );
    await updateMirror(home, home.pushGit);
    expect(await tipOf(home, 'main')).toBe(commit);
  });

  test('stops waiting for a source that says nothing when the deployment is ended, and nothing of git is left', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection') as Promise<[Socket]>;
    const source = `git://127.0.0.1:${(silent.address() as AddressInfo).port}/silent.git`;
    const fetching = updateMirror(home, source, { deploymentMark: deploymentMark(home.logs, 7) });
    const failed = expect(fetching).rejects.toThrow(code('E_SOURCE'));
    const [socket] = await asked;
    try {
      expect(await killMarkedProcesses(home, 8)).toBe(0);
      expect(await killMarkedProcesses(home, 7)).toBeGreaterThan(0);
      await failed;
      expect(processesWith(DEPLOYMENT_MARKER, deploymentMark(home.logs, 7))).toEqual([]);
    } finally {
      socket.destroy();
      silent.close();
    }
  });

  test('works on after a git that was killed in it', async () => {
    clone.commit();
    const url = hosted();
    await updateMirror(home, url);
    clone.commit();
    clone.git('push', '--quiet', url, 'main');
    writeFileSync(path.join(home.mirrorGit, 'refs/heads/main.lock'), '');
    writeFileSync(path.join(home.mirrorGit, 'packed-refs.lock'), '');
    await updateMirror(home, url);
    expect(await tipOf(home, 'main')).toBe(clone.git('rev-parse', 'HEAD'));
  });

  test.each([
    ['a path that is not there', '/nowhere.git', /does not appear to be a git repository/],
    ['a host that does not exist', 'https://me:hidden@nowhere.invalid/x.git', /Could not resolve host/],
    ['a port where nobody listens', 'git://127.0.0.1:1/x.git', /unable to connect|Connection refused/],
  ])('tells why a source cannot be read: %s', async (_what, source, why) => {
    const failure = await updateMirror(home, source).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'E_SOURCE',
      fault: 'machine',
      message: expect.stringMatching(why),
    });
    expect((failure as Error).message).not.toMatch(/hidden|\n/);
  });
});

describe('what a stranger can write', () => {
  const pwned = (): string[] =>
    [top, clone.dir, home.dir, process.cwd()].filter((dir) => existsSync(path.join(dir, 'pwned')));

  test.each(['ext::sh -c touch% pwned', '--upload-pack=touch pwned', '-x', 'fd::17'])(
    'a source "%s" is refused and runs nothing',
    async (source) => {
      await expect(updateMirror(home, source)).rejects.toThrow(code('E_SOURCE'));
      expect(pwned()).toEqual([]);
    },
  );

  test("a person's own configuration cannot allow a source that is a command", async () => {
    process.env.XDG_CONFIG_HOME = top;
    repository(path.join(top, 'git')).write('config', '[protocol "ext"]\n\tallow = always\n');
    try {
      await expect(updateMirror(home, 'ext::sh -c touch% pwned')).rejects.toThrow(/not allowed/);
    } finally {
      delete process.env.XDG_CONFIG_HOME;
    }
    expect(pwned()).toEqual([]);
  });

  test('a branch with shell metacharacters is only a name', async () => {
    const branch = 'a;touch${IFS}pwned';
    const commit = clone.commit('$(touch pwned)');
    clone.git('branch', branch);
    await preparePushRepository(home, { node: process.execPath, root: clone.dir, branch });
    await seedSource(home, clone.dir, branch);
    await updateMirror(home, home.pushGit);
    expect(await tipOf(home, branch)).toBe(commit);
    expect(pwned()).toEqual([]);
  });

  test.each(['-x', '--all', '@{-1}', 'a..b', 'a b', '', 'x.lock', 'HEAD^', 'a\nb'])(
    '"%s" is no branch',
    async (name) => {
      await expect(tipOf(home, name)).rejects.toThrow(code('E_REF'));
    },
  );

  test("a commit's message cannot steer a terminal", async () => {
    const commit = clone.commit('\u001b[31mred\u0007 and more\u009b2J');
    await sendCommit(home, clone.dir, commit);
    const { subject } = await describeCommit(home, commit);
    expect(subject).not.toMatch(/\p{Cc}/u);
    expect(subject).toContain('red');
  });

  test.each(['HEAD', 'main', '--output=pwned', 'abc'])(
    '"%s" is not taken for a full commit id',
    async (commit) => {
      await expect(describeCommit(home, commit)).rejects.toThrow(code('E_REF'));
      await expect(sendCommit(home, clone.dir, commit)).rejects.toThrow(code('E_REF'));
    },
  );
});

test('nothing is left in the clone but the remote', async () => {
  clone.commit();
  const before = readdirSync(clone.dir);
  await prepare();
  await seedSource(home, clone.dir, 'main');
  await ensureLiveRemote(home, clone.dir);
  await sendCommit(home, clone.dir, clone.git('rev-parse', 'HEAD'));
  expect(readdirSync(clone.dir)).toEqual(before);
  expect(await uncommittedCount(clone.dir)).toBe(0);
});
