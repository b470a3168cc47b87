import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import type { KnownError } from '../../deploy/core/errors';
import { currentBranch, resolveRef, uncommittedFiles } from '../../deploy/git/clone';
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
/** A bare repository in the role of a hosted source. */
const hosted = (): string => {
  const url = path.join(top, 'hosted.git');
  clone.git('clone', '--quiet', '--bare', clone.dir, url);
  return url;
};
const shallow = (): Repository => {
  clone.git('clone', '--quiet', '--depth=1', `file://${clone.dir}`, path.join(top, 'shallow'));
  return repository(path.join(top, 'shallow'));
};

describe('in a clone', () => {
  test('a branch, a tag, a short id and HEAD resolve to a commit', async () => {
    const commit = clone.commit();
    clone.git('tag', 'v1');
    for (const ref of ['HEAD', 'main', 'v1', commit.slice(0, 8), commit]) {
      expect(await resolveRef(clone.dir, ref)).toBe(commit);
    }
  });

  test('an unknown name, an option and a file do not resolve to a commit', async () => {
    clone.write('file', '1');
    clone.commit();
    for (const ref of ['nothing', '--all', '-x', 'main:file', '']) {
      await expect(resolveRef(clone.dir, ref)).rejects.toThrow(code('E_REF'));
    }
  });

  test('an ambiguous short id is refused', async () => {
    clone.commit();
    const digits = ambiguousCommits(clone.git('rev-parse', 'HEAD^{tree}'));
    await expect(resolveRef(clone.dir, digits)).rejects.toThrow(/matches more than one commit/);
  });

  test('a folder outside a repository and one inside another repository are refused', async () => {
    await expect(resolveRef(home.dir, 'HEAD')).rejects.toThrow(code('E_NOT_A_REPOSITORY'));
    clone.write('unpacked/package.json', '{}');
    clone.commit();
    await expect(resolveRef(path.join(clone.dir, 'unpacked'), 'HEAD')).rejects.toThrow(
      /not a git repository of its own/,
    );
  });

  test('a SHA-256 repository is refused, and the hint copies it into a usable one', async () => {
    const folder = path.join(top, 'sha256');
    clone.git('init', '--quiet', '--initial-branch=main', '--object-format=sha256', folder);
    const other = repository(folder);
    other.write('a', '1');
    other.commit('first');
    const refusal = await resolveRef(folder, 'HEAD').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'E_SHA256', message: `${folder} is a SHA-256 repository.` });
    await expect(updateMirror(home, folder)).rejects.toThrow(code('E_SHA256'));

    const [, commands = ''] = (refusal as KnownError).hint.split('Copy it: ');
    execFileSync('sh', ['-e', '-c', commands], { cwd: folder, stdio: 'ignore' });
    await updateMirror(home, path.join(top, 'sha1'));
    expect(await describeCommit(home, await tipOf(home, 'main'))).toMatchObject({ subject: 'first' });
  });

  test('a repository without a commit is refused with E_NO_COMMIT', async () => {
    await expect(resolveRef(clone.dir, 'HEAD')).rejects.toThrow(code('E_NO_COMMIT'));
    await expect(resolveRef(clone.dir, 'main')).rejects.toThrow(code('E_NO_COMMIT'));
  });

  test('changed and new files count as uncommitted, ignored ones do not', async () => {
    clone.write('a', '1');
    clone.write('b', '1');
    clone.write('.gitignore', 'ignored');
    clone.commit();
    expect(await uncommittedFiles(clone.dir)).toEqual({ changed: 0, untracked: 0 });
    clone.write('a', '2');
    clone.git('mv', 'b', 'c');
    clone.write('new folder/é 1', '1');
    clone.write('new folder/2', '1');
    clone.write('ignored', '1');
    expect(await uncommittedFiles(clone.dir)).toEqual({ changed: 3, untracked: 2 });
  });

  test('the current branch is returned, or null for a detached HEAD', async () => {
    clone.commit();
    expect(await currentBranch(clone.dir)).toBe('main');
    clone.git('checkout', '--quiet', '--detach');
    expect(await currentBranch(clone.dir)).toBeNull();
  });

  test("a hook's git variables do not redirect to another repository", async () => {
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

/** Writes two commits whose ids start with the same four digits. Returns these digits. */
function ambiguousCommits(tree: string): string {
  const textByDigits = new Map<string, string>();
  for (let i = 0; ; i++) {
    const who = `Test <test@example.org> ${1_700_000_000 + i} +0000`;
    const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\ncommit\n`;
    const digits = createHash('sha1').update(`commit ${text.length}\0${text}`).digest('hex').slice(0, 4);
    const twin = textByDigits.get(digits);
    textByDigits.set(digits, text);
    if (twin === undefined) continue;
    for (const input of [twin, text]) {
      execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd: clone.dir, input });
    }
    return digits;
  }
}

describe('push.git', () => {
  test('is seeded with the clone exactly once', async () => {
    const first = clone.commit();
    await prepare();
    expect(await seedSource(home, clone.dir, 'main')).toBe(first);
    clone.commit();
    expect(await seedSource(home, clone.dir, 'main')).toBeNull();
    const tip = execFileSync('git', ['rev-parse', 'main'], { cwd: home.pushGit, encoding: 'utf8' });
    expect(tip.trim()).toBe(first);
  });

  test('is seeded from a shallow clone without running the hooks', async () => {
    clone.commit('old');
    const commit = clone.commit('new');
    await prepare();
    writeFileSync(path.join(home.pushGit, 'hooks', 'post-receive'), `#!/bin/sh\ntouch '${top}/fired'\n`);
    expect(await seedSource(home, shallow().dir, 'main')).toBe(commit);
    expect(existsSync(path.join(top, 'fired'))).toBe(false);
  });

  test('stays unchanged when it is prepared again, except that the hooks follow a moved clone', async () => {
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

  test("becomes the clone's remote `live`, but a user's own `live` is left alone", async () => {
    expect(await ensureLiveRemote(home, clone.dir)).toBe('added');
    expect(await ensureLiveRemote(home, clone.dir)).toBe('there');
    clone.git('remote', 'set-url', 'live', 'https://example.org/theirs.git');
    expect(await ensureLiveRemote(home, clone.dir)).toEqual({ elsewhere: 'https://example.org/theirs.git' });
    expect(clone.git('remote', 'get-url', 'live')).toBe('https://example.org/theirs.git');
  });
});

describe('the mirror', () => {
  test("follows the source's branches through a force push and a deletion", async () => {
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

  test('keeps a commit sent from a shallow clone, and the source never gets it', async () => {
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

  test('accepts an older commit from a git configured for the old protocol', async () => {
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

  test('follows a shallow clone as the source, even after its history is rewritten', async () => {
    clone.commit('first');
    clone.commit('second');
    const source = shallow();
    await updateMirror(home, source.dir);
    expect(await tipOf(home, 'main')).toBe(source.git('rev-parse', 'HEAD'));
    source.commit('third');
    source.git('commit', '--quiet', '--allow-empty', '--amend', '--message=another third');
    await updateMirror(home, source.dir);
    expect(await tipOf(home, 'main')).toBe(source.git('rev-parse', 'HEAD'));
  });

  test('refuses a partial clone as the source, and follows it once it is complete', async () => {
    clone.git('config', 'uploadpack.allowFilter', 'true');
    clone.write('a', '1');
    clone.commit('first');
    clone.write('a', '2');
    clone.commit('second');
    const folder = path.join(top, 'partial');
    clone.git('clone', '--quiet', '--filter=blob:none', `file://${clone.dir}`, folder);
    const failure = await updateMirror(home, folder).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'E_SOURCE',
      message: `The source ${folder} cannot be read: it lacks objects, as a partial clone does.`,
    });
    const [, commands = ''] = (failure as KnownError).hint.split('Complete it: ');
    execFileSync('sh', ['-e', '-c', commands], { cwd: folder, stdio: 'ignore' });
    await updateMirror(home, folder);
    expect(await tipOf(home, 'main')).toBe(clone.git('rev-parse', 'HEAD'));
  });

  test('follows a push.git that was pushed from a shallow clone', async () => {
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

  test('stops waiting for a silent source when the deployment is aborted, and leaves no git process', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connected = once(silent, 'connection') as Promise<[Socket]>;
    const source = `git://127.0.0.1:${(silent.address() as AddressInfo).port}/silent.git`;
    const fetching = updateMirror(home, source, { deploymentMark: deploymentMark(home.logs, 7) });
    const failed = expect(fetching).rejects.toThrow(code('E_SOURCE'));
    const [socket] = await connected;
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

  test('works again after a git process was killed in it', async () => {
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
    ['a missing path', '/nowhere.git', /does not appear to be a git repository/],
    ['a host that does not exist', 'https://me:hidden@nowhere.invalid/x.git', /Could not resolve host/],
    ['a port without a listener', 'git://127.0.0.1:1/x.git', /unable to connect|Connection refused/],
  ])('reports why a source cannot be read, for %s', async (_what, source, why) => {
    const failure = await updateMirror(home, source).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'E_SOURCE',
      fault: 'machine',
      message: expect.stringMatching(why),
    });
    expect((failure as Error).message).not.toMatch(/hidden|\n/);
  });
});

describe('untrusted input', () => {
  const pwned = (): string[] =>
    [top, clone.dir, home.dir, process.cwd()].filter((dir) => existsSync(path.join(dir, 'pwned')));

  test.each(['ext::sh -c touch% pwned', '--upload-pack=touch pwned', '-x', 'fd::17'])(
    'such as the source "%s" is refused and runs nothing',
    async (source) => {
      await expect(updateMirror(home, source)).rejects.toThrow(code('E_SOURCE'));
      expect(pwned()).toEqual([]);
    },
  );

  test("such as a command as the source cannot be allowed by the user's git configuration", async () => {
    process.env.XDG_CONFIG_HOME = top;
    repository(path.join(top, 'git')).write('config', '[protocol "ext"]\n\tallow = always\n');
    try {
      await expect(updateMirror(home, 'ext::sh -c touch% pwned')).rejects.toThrow(/not allowed/);
    } finally {
      delete process.env.XDG_CONFIG_HOME;
    }
    expect(pwned()).toEqual([]);
  });

  test('such as a branch with shell metacharacters is treated as a name', async () => {
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
    'such as "%s" is not accepted as a branch',
    async (name) => {
      await expect(tipOf(home, name)).rejects.toThrow(code('E_REF'));
    },
  );

  test('such as a commit message cannot control a terminal', async () => {
    const commit = clone.commit('\u001b[31mred\u0007 and more\u009b2J');
    await sendCommit(home, clone.dir, commit);
    const { subject } = await describeCommit(home, commit);
    expect(subject).not.toMatch(/\p{Cc}/u);
    expect(subject).toContain('red');
  });

  test.each(['HEAD', 'main', '--output=pwned', 'abc'])(
    'such as "%s" is not accepted as a full commit id',
    async (commit) => {
      await expect(describeCommit(home, commit)).rejects.toThrow(code('E_REF'));
      await expect(sendCommit(home, clone.dir, commit)).rejects.toThrow(code('E_REF'));
    },
  );
});

test('the remote is the only change to the clone', async () => {
  clone.commit();
  const before = readdirSync(clone.dir);
  await prepare();
  await seedSource(home, clone.dir, 'main');
  await ensureLiveRemote(home, clone.dir);
  await sendCommit(home, clone.dir, clone.git('rev-parse', 'HEAD'));
  expect(readdirSync(clone.dir)).toEqual(before);
  expect(await uncommittedFiles(clone.dir)).toEqual({ changed: 0, untracked: 0 });
});
