/** The clone is moved while it runs: users are not affected, commands say what to do, and `npm start` repairs it. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../deploy/doctor/finding';
import { verdictOf } from '../support/expect-live';
import { WITH_COMMANDS } from '../support/doctor';
import type { CommandResult } from '../support/live-clone';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

let clone: TinyClone;
let moved: string;

beforeEach(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  moved = path.join(path.dirname(clone.dir), "the clone's new place");
  clone.change(WITH_COMMANDS);
  await clone.commit('one');
  expect((await clone.start()).code).toBe(0);
  renameSync(clone.dir, moved);
});

afterEach(async () => {
  if (existsSync(moved)) {
    rmSync(clone.dir, { recursive: true, force: true });
    renameSync(moved, clone.dir);
  }
  await clone.cleanUp();
});

/** Runs a program without SWITCHYARD_HOME, so the clone finds its home by itself. */
function run(file: string, args: string[], cwd = moved, env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const { PATH, HOME, TMPDIR } = process.env;
  // the ports in use keep a mistaken new home from starting
  const { http, blue, green, deployer } = clone.ports;
  const ports = { HTTP_PORT: http, BLUE_PORT: blue, GREEN_PORT: green, DEPLOYER_PORT: deployer };
  const child = spawn(file, args, { cwd, env: { PATH, HOME, TMPDIR, ...texts(ports), ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code: code ?? -1, text }));
  });
}

const texts = (values: Record<string, number>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

const switchyard = (...args: string[]): Promise<CommandResult> =>
  run(process.execPath, [path.join(moved, 'bin/switchyard.js'), ...args]);

async function push(): Promise<CommandResult> {
  const who = ['-c', 'user.name=New', '-c', 'user.email=new@example.org'];
  execFileSync('git', [...who, 'commit', '--quiet', '--allow-empty', '-m', 'two'], { cwd: moved });
  return run('git', ['push', 'live', 'main']);
}

async function faults(): Promise<Finding[]> {
  const { findings } = JSON.parse((await switchyard('doctor', '--json')).text) as { findings: Finding[] };
  return findings.filter(({ status }) => status === 'fault');
}

/** Sends requests until the work is done. Returns the answers other than 200. */
async function failedDuring(work: () => Promise<void>): Promise<string[]> {
  const failed: string[] = [];
  let done = false;
  const probing = (async () => {
    while (!done) {
      const { status, text } = await clone
        .get('/version')
        .catch((error: unknown) => ({ status: 0, text: String(error) }));
      if (status !== 200) failed.push(`${status} ${text}`);
    }
  })();
  await work().finally(() => (done = true));
  await probing;
  return failed;
}

test("a push and a deploy in a moved clone say what to do, and doctor's fix loses no request", async () => {
  const before = await clone.serving();
  const pushed = await push();
  expect(pushed.code).not.toBe(0);
  expect(pushed.text).toMatch(/NOT LIVE\..*Run npm start in the clone/);
  const refused = await switchyard('deploy');
  expect(refused.code).toBe(1);
  expect(refused.text).toContain(`was moved from ${clone.dir} to ${moved}.`);
  expect(refused.text).toContain('[E_MOVED]');
  expect(await clone.serving()).toEqual(before);

  const [fault] = await faults();
  expect(fault).toMatchObject({ link: 'kit', message: expect.stringContaining(`to ${moved}.`) });
  const failed = await failedDuring(async () => {
    const fixed = await run('sh', ['-e', '-c', fault?.fix ?? ''], path.dirname(moved));
    if (fixed.code !== 0) throw new Error(fixed.text);
  });
  expect(failed).toEqual([]);
  expect(await clone.serving()).toEqual(before);
  expect(await faults()).toEqual([]);

  const again = await run('git', ['push', 'live', 'main']);
  expect(verdictOf(again.text.replace(/\nTo [^]*$/, ''))).toContain('✓ LIVE');
  expect((await switchyard('rollback')).code).toBe(0);
});

/** The section of the git configuration in which the clone stores its home. */
function configSection(): string {
  const key = execFileSync('git', ['config', '--local', '--name-only', '--get-regexp', '^switchyard'], {
    cwd: moved,
    encoding: 'utf8',
  }).trim();
  return key.replace(/\.home$/, '');
}

test('another clone at the old path gets neither the home nor the pushes of the moved one', async () => {
  cpSync(moved, clone.dir, { recursive: true, verbatimSymlinks: true });
  await run('git', ['remote', 'remove', 'live'], clone.dir);
  // like a clone that was never started
  await run('git', ['config', '--local', '--remove-section', configSection()], clone.dir);
  const started = await run(process.execPath, ['scripts/start.js'], clone.dir, {
    SWITCHYARD_HOME: clone.home.dir,
  });
  expect(started.code).toBe(1);
  expect(started.text).toContain(`belongs to the clone that was here before, and is now ${moved}.`);
  const pushed = await push();
  expect(pushed.code).not.toBe(0);
  expect(pushed.text).toContain('[E_MOVED]');

  expect((await run(process.execPath, ['scripts/start.js'])).code).toBe(0);
  expect((await run('git', ['push', 'live', 'main'])).text).toContain('✓ LIVE');
});
