import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Command, CommandResult } from '../../../deploy/os/command';
import { DEPLOYMENT_MARKER, deploymentLog, runCommand } from '../../../deploy/os/command';
import { needs } from '../../support/needs';
import { tempHome } from '../../support/temp-home';

let dir: string;
let logFile: string;

beforeEach(() => {
  dir = tempHome();
  logFile = deploymentLog({ logs: dir }, 7);
});

const log = (): string => readFileSync(logFile, 'utf8');
const run = (argv: string[], more: Partial<Command> = {}): Promise<CommandResult> =>
  runCommand({ argv, cwd: dir, logFile, timeoutSeconds: 10, deploymentId: 7, ...more });
const node = (script: string, more: Partial<Command> = {}): Promise<CommandResult> =>
  run(['node', '-e', script], more);

/** True while the process exists and is not a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('the log has the output of several commands, each below its own heading', async () => {
  await run(['echo', 'one']);
  await node('console.error("two")', { label: 'the second' });
  expect(log()).toMatch(/\$ echo one\none\n# code 0 after \d+ ms\n\n\$ the second\ntwo\n/);
});

test('a failure is a result, with the exit code and the last lines without colours', async () => {
  const result = await node(
    'for (let i = 0; i < 130; i++) console.log("line " + i); console.log("\\x1b[31mred\\x1b[0m\\n"); process.exit(3)',
  );
  expect(result).toMatchObject({ exitCode: 3, signal: null, timedOut: false });
  expect(result.lastLines).toHaveLength(100);
  expect(result.leastMemory).toBeGreaterThan(0);
  expect(result.outOfMemory).toBe(false);
  expect(result.lastLines.at(-1)).toBe('red');
});

test('the output is complete when the command has exited', async () => {
  const result = await node('process.stdout.write("x".repeat(3e6) + "\\nend\\n")');
  expect(result.lastLines.at(-1)).toBe('end');
  expect(statSync(logFile).size).toBeGreaterThan(3e6);
});

test.each([true, false])(
  'a missing program is named in the output, with low priority: %s',
  async (lowPriority) => {
    const result = await run(['no-such-program'], { lowPriority });
    expect(result.exitCode).toBe(127);
    expect(result.lastLines.join()).toContain('no-such-program');
  },
);

test('arguments reach the program unchanged, without a shell', async () => {
  const result = await run(['echo', '$(touch pwned); `id`', '* && exit 1']);
  expect(result.lastLines).toEqual(['$(touch pwned); `id` * && exit 1']);
});

test('a command gets the mark and the given variables, but no secret of the environment', async () => {
  process.env.WEBHOOK_SECRET = 'very secret';
  process.env.GIT_DIR = '/somewhere';
  try {
    const result = await node('for (const [k, v] of Object.entries(process.env)) console.log(k + "=" + v)', {
      env: { NODE_ENV: 'test' },
    });
    const text = result.lastLines.join('\n');
    expect(text).not.toMatch(/very secret|GIT_DIR/);
    expect(text).toContain(`${DEPLOYMENT_MARKER}=7@${dir}`);
    expect(text).toContain('NODE_ENV=test');
    expect(text).toContain(`PATH=${path.dirname(process.execPath)}:`);
  } finally {
    delete process.env.WEBHOOK_SECRET;
    delete process.env.GIT_DIR;
  }
});

test('secrets are hidden in the log and the last lines, even when they arrive in two pieces', async () => {
  const script = `process.stdout.write('the word is can'); setTimeout(() => console.log('ary, they say\\ncanary'), 100)`;
  const result = await node(script, { redact: (text: string) => text.replaceAll('canary', '***') });
  expect(result.lastLines).toEqual(['the word is ***, they say', '***']);
  expect(log()).toContain('the word is ***, they say\n***\n');
  const endless = await node("process.stdout.write('canary')", { redact: () => '***' });
  expect(endless.lastLines).toEqual(['***']);
  expect(log()).not.toContain('\ncanary');
});

const SERVER = `const { spawn } = require('node:child_process');
  const server = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  server.unref(); console.log(server.pid);`;

test('a time limit kills everything the command started, even outside its process group', async () => {
  const result = await node(`${SERVER} setInterval(() => {}, 1000)`, { timeoutSeconds: 1 });
  expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL', exitCode: null });
  expect(isAlive(Number(result.lastLines[0]))).toBe(false);
  expect(log()).toContain('# time limit after');
});

test('a server that a test forgot to stop does not outlive it', async () => {
  const result = await node(SERVER);
  expect(result.exitCode).toBe(0);
  expect(isAlive(Number(result.lastLines[0]))).toBe(false);
});

test('low priority lowers the CPU priority and raises the OOM score', async () => {
  const script = `console.log(os.getPriority()); ${printOnce('oom_score_adj', '500')}`;
  expect((await node(script, { lowPriority: true })).lastLines).toEqual(['10', '500']);
  expect((await node('console.log(os.getPriority())')).lastLines).toEqual(['0']);
});

needs('autogroups', autogroups).test(
  "the command's session gets a lower priority where the kernel groups by sessions, and ours stays unchanged",
  async () => {
    const ours = readFileSync('/proc/self/autogroup', 'utf8');
    const { lastLines } = await node(printOnce('autogroup', 'nice 5'), { lowPriority: true });
    expect(lastLines.join()).toMatch(/^\/autogroup-\d+ nice 5$/);
    expect(readFileSync('/proc/self/autogroup', 'utf8')).toBe(ours);
  },
);

function autogroups(): string | null {
  const file = '/proc/self/autogroup';
  const groups = existsSync(file) && readFileSync(file, 'utf8') !== '';
  return groups ? null : 'the kernel does not schedule by sessions';
}

/** A script that prints a file of its own in /proc once it has this content, which is written from outside. */
function printOnce(file: string, wanted: string): string {
  return `setInterval(() => {
    const text = fs.readFileSync('/proc/self/${file}', 'utf8').trim();
    if (!text.includes('${wanted}')) return;
    console.log(text);
    process.exit();
  }, 5)`;
}

test('endless output does not fill the disk', async () => {
  await node('const x = Buffer.alloc(1e6, "x\\n"); for (let i = 0; i < 40; i++) fs.writeSync(1, x)');
  expect(statSync(logFile).size).toBeLessThan(22e6);
  expect(log().match(/the rest was cut off/g)).toHaveLength(1);
});
