/** Runs the crontab line that doctor prints, as cron would, and expects the site to be live again. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Finding } from '../../deploy/doctor/finding';
import { killEverything } from '../support/crash';
import { diagnose, WITH_COMMANDS } from '../support/doctor';
import { expectDone } from '../support/expect-live';
import { needs, root } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import { tempHome } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

const OWNER = String(OTHER_USER);

let clone: TinyClone;

afterEach(() => clone.cleanUp());

/** Runs a line in cron's environment, which contains no variable of the shell that ran doctor. */
function asCron(line: string): ReturnType<TinyClone['shell']> {
  const { homedir, username } = userInfo();
  const variables = `HOME='${homedir}' LOGNAME='${username}' SHELL=/bin/sh PATH=/usr/bin:/bin`;
  return clone.shell(`cd '${homedir}' && env -i ${variables} /bin/sh -c '${line}'`);
}

/** A stand-in for crontab that supports what the fix uses and leaves the user's crontab alone. */
function withCrontab(): { env: { PATH: string }; file: string } {
  const dir = tempHome();
  const file = path.join(dir, 'of the user');
  const script = `#!/bin/sh\nif [ "$1" = -l ]; then cat '${file}'; else cat > '${file}.new' && mv '${file}.new' '${file}'; fi\n`;
  writeFileSync(path.join(dir, 'crontab'), script, { mode: 0o755 });
  return { env: { PATH: `${dir}:${process.env.PATH}` }, file };
}

/** Runs doctor's fix for the reboot check. Returns the line it added to the crontab. */
async function applyRebootFix(crontab: string): Promise<string> {
  const [warned] = await findings();
  expect(warned?.status).toBe('warning');
  expectDone(await clone.shell(warned?.fix ?? ''));
  expect(await findings()).toMatchObject([{ status: 'ok', message: 'cron runs npm start' }]);
  const entries = readFileSync(crontab, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('@reboot '));
  expect(entries).toHaveLength(1);
  return (entries[0] ?? '').replace('@reboot ', '').replaceAll('\\%', '%');
}

const findings = async (): Promise<Finding[]> =>
  (await diagnose(clone)).findings.filter(({ link }) => link === 'reboot');

needs('root', root).test(
  'the crontab line brings the release back after a reboot when root had started a clone of another user',
  async () => {
    const { env, file } = withCrontab();
    clone = await tinyClone({ bake: { seconds: 0 } }, { SUDO_UID: OWNER, ...env });
    clone.change(WITH_COMMANDS);
    execFileSync('chown', ['-R', OWNER, clone.dir]);
    await clone.commit('with the commands');
    expect((await clone.start()).code).toBe(0);
    const { commit } = await clone.serving();
    expect(String(statSync(clone.dir).uid)).toBe(OWNER);

    const line = await applyRebootFix(file);

    killEverything(clone.home);
    // without the variable that doctor has added, it fails
    const plain = await asCron(line.replace(/SUDO_UID=\d+ /, ''));
    expect(plain.text).toContain('another user owns it. (E_NOT_A_REPOSITORY)');
    const result = await asCron(line);
    expect(result.text).toContain('is live on');
    expect(await clone.serving()).toMatchObject({ commit });
  },
);

test("the crontab line brings the release back after a reboot when the clone's owner had started it", async () => {
  const { env, file } = withCrontab();
  clone = await tinyClone({ bake: { seconds: 0 } }, env);
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expect((await clone.start()).code).toBe(0);
  // a line of a clone at another path: the fix replaces it and keeps the other line
  writeFileSync(file, `0 4 * * * backup\n@reboot cd ${clone.dir} && SWITCHYARD_HOME=/nowhere npm start\n`);

  const line = await applyRebootFix(file);

  expect(readFileSync(file, 'utf8')).toContain('0 4 * * * backup\n');

  killEverything(clone.home);
  expect((await asCron(line)).text).toContain('is live on');
});
