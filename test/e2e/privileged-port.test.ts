/** The kernel keeps other users from the ports below 1024, so a crashed app's port stays free for its next process. */
import path from 'node:path';
import { kill } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { needs, privilegedPorts } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { startPortThief, type PortThief } from '../support/port-thief';
import { freePorts, PRIVILEGED } from '../support/ports';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone | undefined;
let thief: PortThief | undefined;

afterEach(async () => {
  thief?.kill();
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
    const { lines } = (thief = startPortThief(blue, '{}', {
      user: OTHER_USER,
      folder: path.dirname(clone.dir),
    }));
    await until('the thief', () => lines.length > 0);

    kill(pid);

    await until('the next process', async () => {
      const next = await clone?.serving().catch(() => null);
      return next?.commit === commit && next.pid !== pid;
    });
    expect(lines).toEqual([expect.objectContaining({ what: 'trying' })]);
    expectLive(await clone.release());
  },
);
