/** The kernel keeps other users from the ports below 1024, so a crashed app's port stays free for its next process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { kill } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { needs, privilegedPorts } from '../support/needs';
import { freePorts, PRIVILEGED } from '../support/ports';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

const PROGRAM = path.join(__dirname, '..', 'support', 'programs', 'port-thief.js');
const NOBODY = 65_534;

let clone: TinyClone | undefined;
let thief: ChildProcess | undefined;

afterEach(async () => {
  thief?.kill('SIGKILL');
  await clone?.cleanUp();
});

needs('ports for root', privilegedPorts).test(
  'no other user gets the port of a slot below 1024 when its app crashes',
  async () => {
    const [blue, green] = (await freePorts(2, PRIVILEGED)) as [number, number];
    const ports = { BLUE_PORT: String(blue), GREEN_PORT: String(green) };
    clone = await tinyClone({ bake: { seconds: 0 } }, ports);
    expectDone(await clone.start());
    const { pid, commit } = await clone.serving();
    const printed = steal(blue, path.join(clone.dir, '..', 'thief.js'));
    await until('the thief', () => printed.length > 0);

    kill(pid);

    await until('the next process', async () => {
      const next = await clone?.serving().catch(() => null);
      return next?.commit === commit && next.pid !== pid;
    });
    expect(printed).toEqual(['trying']);
    expectLive(await clone.release());
  },
);

/** Another user keeps trying to take a port. Returns the output of that process. */
function steal(port: number, program: string): string[] {
  // where the other user may read it
  copyFileSync(PROGRAM, program);
  const child = spawn(process.execPath, [program, String(port), '{}'], {
    uid: NOBODY,
    gid: NOBODY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  thief = child;
  const printed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    printed.push((JSON.parse(line) as { what: string }).what);
  });
  return printed;
}
