/** The line for cron that doctor prints brings the site back, run as cron runs it. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { killEverything } from '../support/crash';
import { diagnose, WITH_COMMANDS } from '../support/doctor';
import { needs, root } from '../support/needs';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

const NOBODY = '65534';

let clone: TinyClone;

afterEach(() => clone.cleanUp());

/** What cron gives to a job: nothing of the shell that doctor ran in. */
function asCron(line: string): ReturnType<TinyClone['shell']> {
  const { homedir, username } = userInfo();
  const few = `HOME='${homedir}' LOGNAME='${username}' SHELL=/bin/sh PATH=/usr/bin:/bin`;
  return clone.shell(`cd '${homedir}' && env -i ${few} /bin/sh -c '${line}'`);
}

async function recommended(): Promise<string> {
  const { findings } = await diagnose(clone);
  const { mend } = findings.find(({ link }) => link === 'reboot') ?? {};
  return /^Add this line with crontab -e: @reboot (.+)$/.exec(mend ?? '')?.[1] ?? `none in: ${mend}`;
}

needs('root', root).test('for a clone of another user that root has started', async () => {
  clone = await tinyClone({ bake: { seconds: 0 } }, { SUDO_UID: NOBODY });
  clone.change(WITH_COMMANDS);
  execFileSync('chown', ['-R', NOBODY, clone.dir]);
  await clone.commit('with the commands');
  expect((await clone.start()).code).toBe(0);
  const { commit } = await clone.serving();
  expect(String(statSync(clone.dir).uid)).toBe(NOBODY);

  const line = await recommended();

  killEverything(clone.home);
  // the same without what doctor found to be missing
  const plain = await asCron(line.replace(/SUDO_UID=\d+ /, ''));
  expect(plain.text).toContain('another user owns it. (E_NOT_A_REPOSITORY)');
  const said = await asCron(line);
  expect(said.text).toContain('is live on');
  expect(await clone.serving()).toMatchObject({ commit });
});

test('for a clone that its owner started', async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expect((await clone.start()).code).toBe(0);

  const line = await recommended();

  killEverything(clone.home);
  expect((await asCron(line)).text).toContain('is live on');
});
