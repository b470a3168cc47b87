/** `npm run demo` and `npm run tour` report what really ran and what users got, and leave nothing behind. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { processesLeft } from '../../scripts/lib/leftovers';
import { keepOneTest } from '../support/app-tests';
import { expectDone } from '../support/expect-live';
import { liveClone, type LiveClone } from '../support/live-clone';
import { needs, sampleApp } from '../support/needs';
import type { PushRecording } from '../../tools/demo/push-recorder';

needs('the sample app', sampleApp).describe('in a throw-away copy', () => {
  let clone: LiveClone;
  /** The temporary folder of the demo and the tour. */
  let temp: string;

  beforeAll(async () => {
    clone = await liveClone({ change: keepOneTest });
    temp = path.join(clone.dir, '..', 'place');
    mkdirSync(temp, { mode: 0o755 });
  });
  afterEach(async () => {
    for (const { pid } of await processesLeft(temp)) process.kill(pid, 'SIGKILL');
  });
  afterAll(() => clone.cleanUp());

  it('the demo starts, deploys a change, rolls back, survives a bad push and stops', async () => {
    const result = await clone.shell(
      `TMPDIR=${temp} node tools/run.js demo --svg demo.svg --text demo.txt --push push.svg`,
    );

    expectDone(result);
    const parts = chapters(clone.read('demo.txt'));
    const [start, change, back, mistake, stop] = parts as [string, string, string, string, string];
    expect(parts).toHaveLength(5);
    const first = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const short = first.slice(0, 7);

    expect(start).toMatch(new RegExp(`^✓ v1\\.0\\.0 ${short} is live on blue`, 'm'));
    expect(start).toContain(`"commit":"${first}","slot":"blue"`);
    expect(start).toContain('<h1>Hello from Switchyard</h1>');
    expect(change).toContain("-const GREETING = 'Hello from Switchyard';\n+const GREETING = 'Hello, world';");
    expect(change).toMatch(/^remote: ✓ test /m);
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

    expect(result.text).toContain(clone.read('demo.txt'));
    expect(textOf(clone.read('demo.svg'))).toContain('✗ NOT LIVE. Still serving');
    expect(textOf(clone.read('push.svg'))).toMatch(/blue\s+green\s+╵shift [^]*\d,\d{3} responses, 0 failed/);
    const { slots } = JSON.parse(clone.read('push.json')) as PushRecording;
    // users move from blue to green once
    expect(slots.blue!.findLastIndex(Boolean) - slots.green!.findIndex(Boolean)).toBeLessThanOrEqual(1);
    await expectNothingLeft();
  });

  it('the tour of in-place shows its maintenance page and no other failure', async () => {
    const result = await clone.shell(
      `TMPDIR=${temp} node tools/run.js tour --strategy in-place --svg tour.svg --text tour.txt`,
    );

    expectDone(result);
    const shown = clone.read('tour.txt');
    expect(laneOf(shown, 'blue')).toMatch(/▇.* {3,}▇.* {3,}▇/);
    // the bake lies between them
    expect(shown).toMatch(/╵live {8,}╵rollback/);
    expect(laneOf(shown, '503')).toMatch(/^ {3,}.*━.* {3,}━.* {3,}$/);
    expect(laneOf(shown, 'new')).toMatch(/^ {3,}━.* {3,}$/);
    expect(shown).toMatch(/ 0 failed · [\d,]+ turned away in \d/);
    for (const cost of [/ 1 version at once/, / 1 slot ran with \d{2,} MB/, / no slot served for a moment/])
      expect(shown).toMatch(cost);
    expect(shown).toMatch(/^requests failed +0$/m);
    expect(shown).toMatch(/^users who flip-flopped +0$/m);
    expect(shown).toMatch(/^rolled back in +\d/m);
    expect(result.text).toContain(shown);
    expect(clone.read('tour.svg')).toContain('<path class="blue-old" ');
    await expectNothingLeft();
  });

  it('the tour of a bad release shows the users affected and the automatic rollback', async () => {
    const result = await clone.shell(
      `TMPDIR=${temp} node tools/run.js tour --strategy bad-release --text tour.txt`,
    );

    expectDone(result);
    const shown = clone.read('tour.txt');
    expect(laneOf(shown, 'old')).toMatch(/━ *$/);
    expect(laneOf(shown, 'failed')).toMatch(/^ {3,}━.* {3,}$/);
    expect(shown).toMatch(
      / [1-9]\d* failed · [1-9]\d* of 100 users affected · rolled back automatically after \d/,
    );
    expect(shown).toMatch(/^✗ NOT LIVE\. Still serving v1\.0\.0 /m);
    expect(shown).not.toMatch(/^requests failed/m);
    await expectNothingLeft();
  });

  it('demo and tour leave nothing behind when both are interrupted in parallel', async () => {
    const [demo, tour] = await Promise.all([
      // the deployer and nginx run, and a deployment is in progress
      interrupted(['tools/run.js', 'demo'], '✓ deployer'),
      // users send requests, and a deployment starts
      interrupted(['tools/run.js', 'tour', '--strategy', 'blue-green'], 'users keep asking'),
    ]);

    expect(demo.code).toBe(130);
    expect(demo.text).toContain('Stopping everything that the demo has started …');
    expect(demo.text).not.toContain('is live on');
    expect(tour.code).toBe(130);
    expect(tour.text).toContain('Stopping everything that the tour has started …');
    expect(tour.text).not.toContain('requests ·');
    await expectNothingLeft();
  });

  it('the tour refuses an unknown strategy and names the known ones', async () => {
    const result = await clone.shell('node tools/run.js tour --strategy blue-gren');
    expect(result.code).toBe(1);
    expect(result.text).toContain('The tour does not show "blue-gren". (E_USAGE)');
    expect(result.text).toContain('blue-green');
  });

  /** Sends SIGINT as soon as the output contains `when`. */
  function interrupted(args: string[], when: string): Promise<{ code: number | null; text: string }> {
    const running = spawn(process.execPath, args, {
      cwd: clone.dir,
      env: { ...process.env, TMPDIR: temp },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    running.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes(when) && !running.killed) running.kill('SIGINT');
    });
    return new Promise((resolve) => running.once('close', (code) => resolve({ code, text })));
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await processesLeft(temp)).toEqual([]);
    expect(readdirSync(temp)).toEqual([]);
  }
});

/** The parts of the demo: each starts with a comment. */
function chapters(text: string): string[] {
  return text.split(/^# /m).slice(1);
}

function textOf(svg: string): string {
  return svg.replace(/<[^>]*>/g, '');
}

/** A lane without its label, padded to its full width. */
function laneOf(shown: string, name: string): string {
  const row = shown.split('\n').find((line) => line.startsWith(`${name} `)) ?? '';
  return row.slice('violet   '.length).padEnd(95);
}
