/**
 * Files of an ordinary user's home that belong to root, for example after `sudo npm start` or a restored backup. doctor
 * and `npm start` name them and print the command that gives them back.
 */
import { chmodSync, chownSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { diagnose, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { needs, root } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

let clone: TinyClone;

needs('root', root).describe('a file of the home that its user cannot access', () => {
  beforeAll(async () => {
    const config = { bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } };
    clone = await tinyClone(config, {}, { user: OTHER_USER });
    clone.change(WITH_COMMANDS);
    await clone.commit('with the commands');
    expectDone(await clone.start());
  });
  afterAll(() => clone?.cleanUp());

  function close(name: string, mode: number): string {
    const file = path.join(clone.home.dir, name);
    chownSync(file, 0, 0);
    chmodSync(file, mode);
    return file;
  }

  it.each([
    ['mirror.git', 0o700],
    ['releases', 0o700],
    ['ready', 0o700],
    ['modules', 0o700],
    ['logs/access.log', 0o600],
    ['pm2/rpc.sock', 0o600],
    ['settings.json', 0o600],
    ['secret', 0o600],
    ['lock.db', 0o600],
    ['start.db', 0o600],
    ['journal.db', 0o600],
  ])('%s is named by doctor and npm start, and their fix restores access', async (name, mode) => {
    const file = close(name, mode);

    const { code, faults } = await diagnose(clone);
    const start = await clone.start();

    expect({ code, faults: Object.keys(faults) }).toEqual({ code: 1, faults: ['home'] });
    expect(faults.home?.message).toBe(`This user may not use ${file}.`);
    const fix = `sudo chown -Rh ${OTHER_USER}:${OTHER_USER} ${file}`;
    expect(faults.home?.fix).toBe(fix);
    expect(start.code).toBe(1);
    expect(start.text).toContain(`✗ This user may not use ${file}.\n  ${fix} [E_HOME]`);
    // the test runs as root, unlike the processes of the clone
    chownSync(file, OTHER_USER, OTHER_USER);
    expect(lstatSync(file).uid).toBe(OTHER_USER);
    expect((await diagnose(clone)).faults.home).toBeUndefined();
  });

  it('makes a push fail with the name of the file and a hint, and the next push goes live', async () => {
    const file = close('mirror.git', 0o700);

    const { text } = await clone.push('one');

    expect(text).toContain(`This user may not use ${file}.`);
    expect(text).toContain('Find out why: ./switchyard doctor [E_HOME]');
    chownSync(file, OTHER_USER, OTHER_USER);
    expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/two.txt': 'two' } }));
    await untilHealthy(clone);
  });
});
