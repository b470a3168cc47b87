import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureLiveRemote } from '../../deploy/git/live-remote';
import { preparePushRepository } from '../../deploy/git/push-repository';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import type { Repository } from '../support/repository';
import { homeAndClone, repository } from '../support/repository';

let home: Home;
let clone: Repository;
let root: string;

/** Every path contains a space and both kinds of quotes, which must not end a quotation in the hook. */
beforeEach(async () => {
  const { top } = homeAndClone();
  const odd = path.join(top, `it's "odd" $(touch pwned)`);
  home = homeAt(path.join(odd, 'home'));
  clone = repository(path.join(odd, 'clone'));
  root = clone.dir;
  writeHookJs(`
    const fs = require('node:fs');
    const git = Object.keys(process.env).filter((name) => /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY)$/.test(name));
    const { SWITCHYARD_HOME, SWITCHYARD_ROOT } = process.env;
    const stdin = fs.readFileSync(0, 'utf8');
    fs.appendFileSync(process.env.SWITCHYARD_ROOT + '/calls.jsonl', JSON.stringify({ argv: process.argv.slice(2), git, SWITCHYARD_HOME, SWITCHYARD_ROOT, stdin }) + '\\n');
    console.log('called: ' + process.argv[2]);
  `);
  clone.write('.gitignore', 'dist\nnode_modules\ncalls.jsonl\n');
  clone.commit();
  await preparePushRepository(home, { node: process.execPath, root, branch: 'main' });
  await ensureLiveRemote(home, root);
});

function writeHookJs(text: string): void {
  for (const folder of ['dist/deploy', 'node_modules'])
    mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, 'dist', 'deploy', 'hook.js'), text);
}

interface HookCall {
  argv: string[];
  git: string[];
  SWITCHYARD_HOME: string;
  SWITCHYARD_ROOT: string;
  stdin: string;
}

function hookCalls(): HookCall[] {
  const file = path.join(root, 'calls.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as HookCall);
}

function push(from = root, env: NodeJS.ProcessEnv = {}): { ok: boolean; text: string } {
  const args = ['push', 'live', 'HEAD:refs/heads/main'];
  const { status, stderr } = spawnSync('git', args, {
    cwd: from,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { ok: status === 0, text: stderr };
}

test('a push reaches hook.js twice, with the refs, the home and the clone, and without git variables', () => {
  const commit = clone.git('rev-parse', 'HEAD');
  const { ok, text } = push();
  expect({ ok, text }).toMatchObject({ ok: true, text: expect.stringContaining('called: post-receive') });
  const refs = `${'0'.repeat(40)} ${commit} refs/heads/main\n`;
  const common = { git: [], SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: root, stdin: refs };
  expect(hookCalls()).toEqual([
    { ...common, argv: ['pre-receive'] },
    { ...common, argv: ['post-receive'] },
  ]);
  expect(existsSync(path.join(home.pushGit, 'pwned'))).toBe(false);
});

test('a push that pre-receive refuses does not enter push.git', () => {
  writeHookJs(
    `if (process.argv[2] === 'pre-receive') { console.error('push to origin instead'); process.exit(1); }`,
  );
  const { ok, text } = push();
  expect(ok).toBe(false);
  expect(text).toContain('push to origin instead');
  expect(clone.git('--git-dir', home.pushGit, 'for-each-ref')).toBe('');
});

test("a user's own core.hooksPath does not disable the hooks", () => {
  const elsewhere = path.join(root, '..', 'hooks of mine');
  mkdirSync(elsewhere);
  const globally = path.join(root, '..', 'gitconfig');
  execFileSync('git', ['config', '--file', globally, 'core.hooksPath', elsewhere]);
  expect(push(root, { GIT_CONFIG_GLOBAL: globally }).text).toContain('called: post-receive');
});

test('a shallow clone can push', () => {
  clone.commit('second');
  const small = path.join(root, '..', 'small');
  clone.git('clone', '--quiet', '--depth=1', `file://${root}`, small);
  execFileSync('git', ['remote', 'add', 'live', home.pushGit], { cwd: small });
  expect(push(small).ok).toBe(true);
});

test("a push is refused and says what to do when the clone's npm packages are gone", () => {
  rmSync(path.join(root, 'node_modules'), { recursive: true });
  const { ok, text } = push();
  expect(ok).toBe(false);
  expect(text).toContain('Run npm start in the clone, then push again.');
});

test('a push is refused and says what to do when Node has moved', async () => {
  const node = path.join(root, '..', 'node');
  writeFileSync(node, '');
  chmodSync(node, 0o755);
  await preparePushRepository(home, { node, root, branch: 'main' });
  rmSync(node);
  const { ok, text } = push();
  expect(ok).toBe(false);
  expect(text).toContain('✗ NOT LIVE.');
  expect(text).toContain('Run npm start in the clone, then push again.');
});
