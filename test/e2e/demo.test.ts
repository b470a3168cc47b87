/** `npm run demo`: the whole story in one go, told by what really ran, and nothing of it left afterwards. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { processesLeft } from '../../scripts/lib/leftovers';
import { liveClone, type LiveClone } from '../support/live-clone';
import { needs, sampleApp } from '../support/needs';

needs('the sample app', sampleApp).describe('the demo', () => {
  let clone: LiveClone;
  /** Where the demo puts what it needs. */
  let place: string;

  beforeAll(async () => {
    clone = await liveClone();
    place = path.join(clone.dir, '..', 'place');
    mkdirSync(place, { mode: 0o755 });
  });
  afterEach(async () => {
    for (const { pid } of await processesLeft(place)) process.kill(pid, 'SIGKILL');
  });
  afterAll(() => clone.cleanUp());

  it('starts, changes a line, goes back, survives a mistake and stops', async () => {
    const said = await clone.shell(`TMPDIR=${place} node scripts/demo.js --svg demo.svg --text demo.txt`);

    expect(said.code).toBe(0);
    const story = chapters(clone.read('demo.txt'));
    const [start, change, back, mistake, stop] = story as [string, string, string, string, string];
    expect(story).toHaveLength(5);
    const first = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const short = first.slice(0, 7);

    expect(start).toMatch(new RegExp(`^✓ v1\\.0\\.0 ${short} is live on blue`, 'm'));
    expect(start).toContain(`"commit":"${first}","slot":"blue"`);
    expect(start).toContain('<h1>Hello from Switchyard</h1>');
    expect(change).toContain("-const GREETING = 'Hello from Switchyard';\n+const GREETING = 'Hello, world';");
    expect(change).toMatch(/^remote: ✓ LIVE in .* on green$/m);
    expect(change).toContain('<h1>Hello, world</h1>');
    expect(change).toContain('on <strong>green</strong>');
    expect(back).toMatch(new RegExp(`^✓ LIVE in .* \\(${short}\\) on blue$`, 'm'));
    expect(back).toContain('<h1>Hello from Switchyard</h1>');
    expect(mistake).toMatch(
      new RegExp(
        `^remote: ✗ NOT LIVE\\. Still serving v1\\.0\\.0 \\(${short}\\): /healthz in green answered 404`,
        'm',
      ),
    );
    expect(mistake).toContain(`"commit":"${first}","slot":"blue"`);
    expect(stop).toMatch(/they asked [\d,]{4,} times, and 0 requests failed/);
    expect(stop).toContain('✓ stopped');

    expect(said.text).toContain(clone.read('demo.txt'));
    expect(textOf(clone.read('demo.svg'))).toContain('✗ NOT LIVE. Still serving');
    await expectNothingLeft(place);
  });

  it('leaves nothing behind when it is interrupted in the middle', async () => {
    const env = { ...process.env, TMPDIR: place };
    const demo = spawn(process.execPath, ['scripts/demo.js'], {
      cwd: clone.dir,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
    let text = '';
    demo.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      // the deployer and nginx run, and a deployment is under way
      if (text.includes('✓ install') && !demo.killed) demo.kill('SIGINT');
    });

    expect(await ended).toBe(130);
    expect(text).not.toContain('is live on');
    await expectNothingLeft(place);
  });
});

/** The story's parts: each begins with a comment. */
function chapters(text: string): string[] {
  return text.split(/^# /m).slice(1);
}

function textOf(svg: string): string {
  return svg.replace(/<[^>]*>/g, '');
}

async function expectNothingLeft(place: string): Promise<void> {
  expect(await processesLeft(place)).toEqual([]);
  expect(readdirSync(place)).toEqual([]);
}
