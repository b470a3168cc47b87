/** Doctor's checks for containers: a lost image, a lost standby container, and the owner of the app's data. */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../deploy/doctor/finding';
import { inEngine } from '../support/docker';
import { applyFix, diagnose, expectFault, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { docker, needs, root } from '../support/needs';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

needs('containers', docker).describe('with containers', () => {
  let clone: TinyClone;
  let live: string;

  beforeAll(async () => {
    clone = await tinyClone({
      runtime: 'compose',
      bake: { seconds: 0 },
      schedules: { poll: null, prune: null, rotate: null },
    });
    clone.change(WITH_COMMANDS);
    await clone.commit('with the commands');
    expectDone(await clone.start());
    ({ commit: live } = expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/b.txt': 'b' } })));
    // makes the newest commit a bad one, so a fix that deploys it would be wrong
    await clone.release({ ...WITH_COMMANDS, config: { app: { test: ['false'] } } });
    expect(await clone.serving()).toMatchObject({ commit: live });
    expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
  });
  afterAll(() => clone.cleanUp());

  it.each(['removed', 'stopped'])('a standby that was %s is restarted by the printed fix', async (how) => {
    engine(
      ...(how === 'removed' ? ['rm', '--force'] : ['stop', '--time', '0']),
      await container(clone.table().standby as string),
    );

    const fault = await expectFault(clone, 'standby');

    expect(fault.message).toContain('is the standby, but could not take over');
    await applyFix(clone, fault);
    expect(await clone.serving()).toMatchObject({ commit: live });
  });

  it('a standby that was lost with its image is replaced by the printed fix', async () => {
    const { standby } = clone.table();
    const { commit } = await clone.slot(standby as string);
    engine('rm', '--force', await container(standby as string));
    const image = (await inEngine(clone.home)).images.find((name) => name.endsWith(`:${commit}`));
    engine('image', 'rm', '--force', image as string);

    const fault = await expectFault(clone, 'standby');

    await applyFix(clone, fault);
    expect(await clone.serving()).toMatchObject({ commit: live });
  });

  it('a lost image is rebuilt without downtime', async () => {
    const image = await removeImage();

    const [lost] = await findingsOf('releases');

    expect(lost).toMatchObject({ status: 'warning', message: expect.stringContaining('its image is gone') });
    await applyFix(clone, lost as Finding);
    expect(await findingsOf('releases')).toMatchObject([{ status: 'ok' }]);
    expect((await inEngine(clone.home)).images).toContain(image);
    expect(await clone.serving()).toMatchObject({ commit: live });
  });

  it('an image that is lost with its container, as in a power cut, is rebuilt by npm start', async () => {
    expectDone(await clone.switchyard('stop'));
    await removeImage();

    const { faults, findings } = await diagnose(clone);

    expect(findings.find(({ message: result }) => result.includes('its image is gone'))?.fix).toBe(
      'npm start',
    );
    await applyFix(clone, ...Object.values(faults));
    expect(await clone.serving()).toMatchObject({ commit: live });
  });

  needs('root', root).test(
    "another user's data is given to the app, and nothing outside the data folder changes owner",
    async () => {
      const host = path.join(clone.dir, '..', 'host');
      const data = (...names: string[]): string => path.join(clone.home.shared, ...names);
      mkdirSync(host);
      mkdirSync(data('restored'));
      for (const file of [path.join(host, 'passwords'), data('restored', 'app.db')]) writeFileSync(file, '');
      symlinkSync(host, data('restored', 'link'));
      // starting the slot leaves hard links alone, since the other name may lie outside
      linkSync(data('restored', 'app.db'), data('copy.db'));

      const [foreign] = await findingsOf('data');

      expect(foreign).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/^The app runs as user 1000, and \S+ belongs to another one/),
      });
      await applyFix(clone, foreign as Finding);
      expect(await findingsOf('data')).toMatchObject([{ status: 'ok' }]);
      expect(statSync(data('restored', 'app.db')).uid).toBe(1000);
      expect([host, path.join(host, 'passwords')].map((file) => statSync(file).uid)).toEqual([0, 0]);
      for (const name of ['restored', 'copy.db']) rmSync(data(name), { recursive: true });
    },
  );

  async function removeImage(): Promise<string> {
    const image = (await inEngine(clone.home)).images.find((name) => name.endsWith(`:${live}`));
    engine('image', 'rm', '--force', image as string);
    return image as string;
  }

  async function container(slot: string): Promise<string> {
    const { containers } = await inEngine(clone.home);
    return containers.find((name) => name.endsWith(`-${slot}`))?.replace(/^\//, '') ?? '';
  }

  async function findingsOf(check: string): Promise<Finding[]> {
    return (await diagnose(clone)).findings.filter(({ link }) => link === check);
  }
});

function engine(...args: string[]): void {
  const { status, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
