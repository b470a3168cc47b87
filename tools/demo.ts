/**
 * `npm run demo`: a new user's first session in a temporary copy of this clone, with its own home and ports: start,
 * change a line, push, roll back, push a mistake, stop. It leaves nothing behind.
 *
 * `npm run demo -- --svg FILE --text FILE --push FILE.svg` saves the transcript as a picture and as text, and its first
 * push as an animation, with what was recorded for it in FILE.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { count } from '../deploy/core/format';
import { ensureBuilt } from '../scripts/lib/build';
import { KnownFailure } from '../scripts/lib/known';
import { choosePorts } from './demo/ports';
import { demoPicture } from './demo/demo-picture';
import { pushPicture } from './demo/push-picture';
import { PushRecorder } from './demo/push-recorder';
import { storyFor, type Step } from './demo/story';
import { makeCopy, type Ports } from './lib/copy';
import { readOptions } from './lib/options';
import { requireSampleApp } from './lib/sample-app';
import { Shell } from './lib/shell';
import { highlight, paint } from './lib/styles';
import { Users } from './lib/users';
import { withCleanup } from './lib/with-cleanup';

const ROOT = path.resolve(__dirname, '..');
const HINT =
  'npm run demo -- --svg docs/demo.svg --text docs/demo.txt --push docs/push.svg; each is optional.';

export async function main(args: string[]): Promise<void> {
  const files = readOptions(args, ['svg', 'text', 'push'], HINT);
  requireSampleApp(ROOT, 'The demo');
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const recorder = new PushRecorder();
  const lines = await play(await choosePorts(), recorder);
  if (files.text) writeFileSync(files.text, `${lines.join('\n')}\n`);
  if (files.svg) writeFileSync(files.svg, demoPicture(lines));
  if (files.push) {
    const recording = recorder.recording();
    writeFileSync(files.push, pushPicture(lines, recording));
    writeFileSync(files.push.replace(/(\.svg)?$/, '.json'), `${JSON.stringify(recording)}\n`);
  }
}

/** Returns the lines of the transcript. */
async function play(ports: Ports, recorder: PushRecorder): Promise<string[]> {
  const copy = await makeCopy(ROOT, { ports, name: 'demo' });
  const shell = new Shell(copy, (line) => {
    recorder.line(line);
    print(line);
  });
  const users = new Users(ports.http, undefined, recorder.answer);
  return withCleanup({
    name: 'the demo',
    run: async (isInterrupted) => {
      for (const step of storyFor(ports.http, readFileSync(path.join(copy.dir, 'app', 'page.ts'), 'utf8'))) {
        if (!isInterrupted() && !(await perform(step, shell, users)) && !isInterrupted()) throw failed(shell);
      }
      return shell.lines;
    },
    interrupt: () => shell.stop(),
    cleanUp: async () => {
      await users.stop();
      await copy.remove();
    },
  });
}

/** False if a command failed. */
async function perform(step: Step, shell: Shell, users: Users): Promise<boolean> {
  if ('run' in step) return (await shell.run(step.run)) === 0;
  if (!('users' in step)) shell.comment(step.comment);
  else if (step.users === 'start') shell.comment(`${users.start()} users ${step.comment}`);
  else {
    const { asked, failed } = await users.stop();
    const totals = `they asked ${count(asked)} times, and ${failed} requests failed`;
    shell.comment(`The users leave: ${totals}. ${step.comment}`);
  }
  return true;
}

function print(line: string): void {
  const colours = process.stdout.isTTY && process.env.TERM !== 'dumb' && !process.env.NO_COLOR;
  console.log(colours ? paint(highlight(line)) : line);
}

function failed({ lines }: Shell): Error {
  const command = lines.findLast((line) => line.startsWith('$ '));
  return new KnownFailure('E_INTERNAL', `The demo ended at "${command}".`, 'Its output is above.');
}
