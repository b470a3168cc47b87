import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { homeAt, rememberHome, resolveHome } from '../../../deploy/home/home';
import { tempHome } from '../../support/temp-home';

let dir: string;
let clone: string;

beforeEach(() => {
  dir = tempHome();
  clone = path.join(dir, 'my app');
  execFileSync('git', ['init', '--quiet', clone]);
});
afterEach(() => jest.restoreAllMocks());

describe('the default home', () => {
  it('is under /var/lib for root, named after the clone', () => {
    asUser(0);
    expect(resolveHome(clone, {}).dir).toMatch(/^\/var\/lib\/switchyard\/my_app-[0-9a-f]{6}$/);
  });

  it('is in the state directory of any other user', () => {
    asUser(1000);
    const state = path.join(dir, 'state');
    expect(path.dirname(resolveHome(clone, { XDG_STATE_HOME: state }).dir)).toBe(`${state}/switchyard`);
  });

  it.each([undefined, '', 'relative/state'])('is in .local/state when XDG_STATE_HOME is %p', (state) => {
    asUser(1000);
    expect(path.dirname(resolveHome(clone, { XDG_STATE_HOME: state }).dir)).toBe(
      path.join(homedir(), '.local/state/switchyard'),
    );
  });

  it('is the same every time, and another one for another clone of the same name', () => {
    const other = path.join(dir, 'elsewhere', 'my app');
    expect(resolveHome(clone, {})).toEqual(resolveHome(clone, {}));
    expect(resolveHome(other, {}).dir).not.toBe(resolveHome(clone, {}).dir);
  });

  it('has a short name even for a clone with a long one', () => {
    asUser(0);
    const long = path.join(dir, 'x'.repeat(200));
    expect(path.basename(resolveHome(long, {}).dir)).toHaveLength(24 + 1 + 6);
  });
});

describe('SWITCHYARD_HOME', () => {
  it('takes precedence, and is saved in the clone for later commands', () => {
    const env = { SWITCHYARD_HOME: path.join(dir, 'home') };
    rememberHome(clone, resolveHome(clone, env), env);
    expect(resolveHome(clone, {}).dir).toBe(env.SWITCHYARD_HOME);
    const another = path.join(dir, 'another');
    expect(resolveHome(clone, { SWITCHYARD_HOME: another }).dir).toBe(another);
  });

  it('is not saved when it is the default anyway', () => {
    rememberHome(clone, resolveHome(clone, {}), {});
    const config = execFileSync('git', ['config', '--local', '--list'], { cwd: clone, encoding: 'utf8' });
    expect(config).not.toContain('switchyard');
  });

  it('is inherited neither by a copy of the clone nor by a second work tree', () => {
    const env = { SWITCHYARD_HOME: path.join(dir, 'home') };
    rememberHome(clone, resolveHome(clone, env), env);
    const copy = path.join(dir, 'copy');
    cpSync(clone, copy, { recursive: true });
    commitSomething(clone);
    const tree = path.join(dir, 'tree');
    execFileSync('git', ['worktree', 'add', '--quiet', '--detach', tree], { cwd: clone });
    const homes = [clone, copy, tree].map((root) => resolveHome(root, {}).dir);
    expect(new Set(homes).size).toBe(3);
    expect(homes[0]).toBe(env.SWITCHYARD_HOME);
  });

  it("is read from this clone, even if a hook's environment names another one", () => {
    const env = { SWITCHYARD_HOME: path.join(dir, 'home') };
    const before = process.env.GIT_DIR;
    process.env.GIT_DIR = path.join(dir, 'nowhere.git');
    try {
      rememberHome(clone, resolveHome(clone, env), { ...env, GIT_DIR: process.env.GIT_DIR });
      expect(resolveHome(clone, {}).dir).toBe(env.SWITCHYARD_HOME);
    } finally {
      if (before === undefined) delete process.env.GIT_DIR;
      else process.env.GIT_DIR = before;
    }
  });
});

describe('a home is refused', () => {
  it.each(['', '.switchyard', 'a/b/c', '..hidden'])('inside the clone, such as "%s"', (below) => {
    const given = path.join(clone, below);
    expect(() => resolveHome(clone, { SWITCHYARD_HOME: given })).toThrow(
      expect.objectContaining({ code: 'E_HOME', message: expect.stringContaining('inside the clone') }),
    );
  });

  it('inside the clone, even through a link', () => {
    mkdirSync(path.join(clone, 'below'));
    symlinkSync(path.join(clone, 'below'), path.join(dir, 'link'));
    expect(() => resolveHome(clone, { SWITCHYARD_HOME: path.join(dir, 'link', 'not there yet') })).toThrow(
      'inside the clone',
    );
  });

  it('when it is too long for the unix sockets in it', () => {
    const fits = `/tmp/${'x'.repeat(72)}`;
    expect(resolveHome(clone, { SWITCHYARD_HOME: fits }).dir).toBe(fits);
    expect(() => resolveHome(clone, { SWITCHYARD_HOME: `${fits}x` })).toThrow('too long');
    expect(() => resolveHome(clone, { SWITCHYARD_HOME: `/tmp/${'ü'.repeat(37)}` })).toThrow('too long');
  });

  it('but not beside the clone, even if its name has the same prefix', () => {
    expect(resolveHome(clone, { SWITCHYARD_HOME: `${clone}-home` }).dir).toBe(`${clone}-home`);
  });
});

test('every socket fits into the longest allowed home', () => {
  const { dir: longest, socket, nginx, pm2 } = homeAt(`/tmp/${'x'.repeat(72)}`);
  expect(longest).toHaveLength(77);
  for (const file of [socket, `${nginx}/after-green.sock`, `${pm2}/rpc.sock`, `${pm2}/pub.sock`]) {
    expect(Buffer.byteLength(file)).toBeLessThanOrEqual(107);
  }
});

function asUser(uid: number): void {
  jest.spyOn(process, 'getuid').mockReturnValue(uid);
}

function commitSomething(root: string): void {
  const as = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  execFileSync('git', [...as, 'commit', '--quiet', '--allow-empty', '-m', 'one'], { cwd: root });
}
