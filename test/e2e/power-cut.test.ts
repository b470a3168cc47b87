/** The power fails just after LIVE on a disk that loses unflushed writes: reported releases and pushes must survive. */
import { spawnSync } from 'node:child_process';
import { readdirSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { killEverything } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { lossyDisk, lossyDiskPossible, type LossyDisk } from '../support/lossy-disk';
import { needs } from '../support/needs';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

let disk: LossyDisk;
let clone: TinyClone;

needs('a disk that can lose its power', lossyDiskPossible).describe('a power cut', () => {
  beforeAll(async () => {
    disk = lossyDisk();
    clone = await tinyClone({ bake: { seconds: 0 } }, {}, { parent: disk.dir });
    // flushes the clone itself, since only the kit's writes are under test
    disk.flush();
  });
  afterAll(async () => {
    try {
      await clone?.cleanUp();
    } finally {
      disk.remove();
    }
  });

  it('just after the first start loses nothing', async () => {
    expectDone(await clone.start());
    const { commit } = await clone.serving();

    losePower();

    expectDone(await clone.start());
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('just after LIVE loses neither the release nor the push', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`more/file-${index}.txt`, `content of ${index}`]),
    );
    const { commit } = expectLive(await clone.release({ files }));

    losePower();

    expect(faultsOf(clone.home.pushGit)).toBe('');
    expect(faultsOf(clone.home.mirrorGit)).toBe('');
    expectDone(await clone.start());
    expect(await clone.serving()).toMatchObject({ commit });
    expectLive(await clone.release());
  });

  it('that empties files of the live release makes npm start rebuild it', async () => {
    const { commit } = await clone.serving();
    losePower();
    const files = readdirSync(path.join(clone.home.releases, commit, 'app'));
    for (const name of files) truncateSync(path.join(clone.home.releases, commit, 'app', name));

    const started = expectDone(await clone.start());

    expect(started.text).toMatch(/it is built again: app\/\S+ is empty, and \d+ more files are damaged/);
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('just after a push to another branch loses nothing of that push', async () => {
    clone.change({ files: { 'more/other.txt': 'of another branch' } });
    const commit = await clone.commit('another');
    disk.flush();
    expectDone(await clone.git('push', 'live', 'main:another'));

    losePower();

    expect(faultsOf(clone.home.pushGit)).toBe('');
    expect(git(clone.home.pushGit, 'rev-parse', 'another').trim()).toBe(commit);
    expectDone(await clone.start());
    expectLive(await clone.git('push', 'live', 'main'));
  });
});

function losePower(): void {
  disk.flushNames();
  disk.cut();
  killEverything(clone.home);
  disk.powerUp();
}

/** The output of git fsck, empty for an intact repository. */
function faultsOf(repository: string): string {
  const lines = git(repository, 'fsck', '--full', '--no-dangling', '--no-progress').split('\n');
  return lines.filter((line) => !line.startsWith('notice: ')).join('\n');
}

function git(repository: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8' });
  return stdout + stderr;
}
