/**
 * A disk without inodes and a read-only disk, under both runtimes: a rollback to the warm release and `npm stop` still
 * work, and doctor names the state.
 */
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { diagnose, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import { loopDisk, loopDiskPossible, type LoopDisk } from '../support/loop-disk';
import { needs } from '../support/needs';
import { forEachRuntime } from '../support/runtimes';
import { afterwards } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

const CONFIG = { bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } };

forEachRuntime((runtime) => {
  needs('a disk from a file', loopDiskPossible).describe('on a disk', () => {
    let disk: LoopDisk;
    let clone: TinyClone;
    let [first, second] = ['', ''];

    // two releases; the older one is warm
    beforeAll(async () => {
      disk = loopDisk();
      clone = await tinyClone({ ...CONFIG, runtime }, {}, { parent: disk.dir });
      clone.change(WITH_COMMANDS);
      first = await clone.commit('with the commands');
      expect((await clone.start()).text).toContain('is live on blue');
      ({ commit: second } = await clone.release({ ...WITH_COMMANDS, files: { 'more/b.txt': 'b' } }));
      expect(await clone.serving()).toMatchObject({ commit: second });
    });
    afterAll(async () => {
      await clone.cleanUp();
      disk.unmount();
    });

    describe('without free inodes', () => {
      beforeAll(() => {
        disk.exhaustInodes();
        expect(() => symlinkSync('x', path.join(disk.dir, 'one-more'))).toThrow('ENOSPC');
      });

      it('a rollback to the warm release succeeds, and so does the rollback after it', async () => {
        for (const commit of [first, second]) {
          const result = await clone.switchyard('rollback', commit.slice(0, 7));
          expect(result).toMatchObject({ code: 0, text: expect.stringContaining('LIVE in') as string });
          expect(await clone.serving()).toMatchObject({ commit });
        }
        expect(clone.deployments().at(-1)).toMatchObject({ kind: 'rollback', state: 'succeeded' });
      });

      it('doctor names the fault, and its fix shows where the files are', async () => {
        const { faults } = await diagnose(clone);
        expect(Object.keys(faults)).toEqual(['disk']);
        expect(faults.disk?.message).toMatch(/has (no|\d+) inodes left/);
        expect((await clone.shell(faults.disk?.fix ?? '')).text).toContain('ballast');
      });

      it('npm stop stops everything', async () => {
        expect(await clone.switchyard('stop')).toMatchObject({ code: 0 });
        expect(await clone.slots()).toEqual([]);
        await expect(clone.get('/')).rejects.toThrow('ECONNREFUSED');
      });

      it('the app serves again once files are removed', async () => {
        disk.freeInodes();
        expect(await clone.start()).toMatchObject({ code: 0 });
        expect(await clone.serving()).toMatchObject({ commit: second });
        await untilHealthy(clone);
      });
    });

    describe('that became read-only', () => {
      beforeAll(async () => {
        // fills the slot that npm stop has emptied
        expect(await clone.switchyard('rollback', first)).toMatchObject({ code: 0 });
        disk.failToReadOnly();
      });

      it('doctor names the fault', async () => {
        const { code, faults } = await diagnose(clone);
        expect(code).toBe(1);
        expect(faults.disk).toMatchObject({
          message: `The disk of ${clone.home.dir} is read-only.`,
          fix: `mount -o remount,rw ${disk.dir}`,
        });
      });

      it('a deployment fails with E_READ_ONLY', async () => {
        const { code, text } = await clone.switchyard('deploy', second);
        expect(code).toBe(1);
        expect(text).toContain('[E_READ_ONLY]');
      });

      it('a rollback makes the standby live and reports what was not recorded', async () => {
        const { code, text } = await clone.switchyard('rollback', second);
        expect({ code, text }).toMatchObject({ code: 0 });
        expect(text).toContain(`✓ ${second.slice(0, 7)} is live on `);
        expect(text).toMatch(/Nothing was recorded: (blue|green) was stopped, and its standby answers\./);
        for (let count = 0; count < 20; count++)
          expect(await clone.serving()).toMatchObject({ commit: second });
      });

      it('npm stop stops everything, and npm start reports why it cannot start', async () => {
        expect(await clone.switchyard('stop')).toMatchObject({ code: 0 });
        expect(await clone.slots()).toEqual([]);
        await expect(clone.get('/')).rejects.toThrow('ECONNREFUSED');
        const { code, text } = await clone.start();
        expect(code).toBe(1);
        expect(text).toContain('[E_READ_ONLY]');
      });
    });
  });
});

needs('a disk from a file', loopDiskPossible).test(
  'everything starts again once the printed command has remounted a read-only disk',
  async () => {
    const disk = loopDisk();
    afterwards(() => disk.unmount());
    const clone = await tinyClone(CONFIG, {}, { parent: disk.dir });
    afterwards(() => clone.cleanUp());
    clone.change(WITH_COMMANDS);
    const commit = await clone.commit('with the commands');
    expect((await clone.start()).text).toContain('is live on blue');
    expect(await clone.switchyard('stop')).toMatchObject({ code: 0 });
    disk.remount('ro');
    const { faults } = await diagnose(clone);
    expect(faults.home).toBeUndefined();
    expect((await clone.start()).text).toContain('[E_READ_ONLY]');

    expect(await clone.shell(`${faults.disk?.fix} && npm start`)).toMatchObject({ code: 0 });

    await untilHealthy(clone);
    expect(await clone.serving()).toMatchObject({ commit });
  },
);
