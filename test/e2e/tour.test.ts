/** `npm run tour`: what it shows is what users got, and nothing of it is left afterwards. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { processesLeft } from '../../scripts/lib/leftovers';
import { liveClone, type LiveClone } from '../support/live-clone';
import { needs, sampleApp } from '../support/needs';

needs('the sample app', sampleApp).describe('the tour', () => {
  let clone: LiveClone;
  /** Where the tour puts what it needs. */
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

  it('shows the maintenance page of in-place, and that nothing else failed', async () => {
    const said = await tour('--strategy in-place --svg tour.svg --text tour.txt');

    expect(said.code).toBe(0);
    const shown = clone.read('tour.txt');
    expect(laneOf(shown, 'blue')).toMatch(/▇.* {3,}▇.* {3,}▇/);
    expect(laneOf(shown, '503')).toMatch(/^ {3,}.*━.* {3,}━.* {3,}$/);
    expect(laneOf(shown, 'new')).toMatch(/^ {3,}━.* {3,}$/);
    expect(shown).toMatch(/ 0 failed · \d+ turned away in \d/);
    expect(shown).toMatch(/ 1 version at once · 1 slot used, ≥ 0 in service · back in \d/);
    expect(shown).toMatch(/^In-place +[\d,]{3,} +0 /m);
    expect(said.text).toContain(shown);
    expect(clone.read('tour.svg')).toContain('<path class="blue-old" ');
    await expectNothingLeft();
  });

  it('leaves nothing behind when it is interrupted in the middle', async () => {
    const running = spawn(process.execPath, ['scripts/tour.js', '--strategy', 'blue-green'], {
      cwd: clone.dir,
      env: { ...process.env, TMPDIR: place },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => running.once('close', resolve));
    let text = '';
    running.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      // users ask already, and a deployment begins
      if (text.includes('users keep asking') && !running.killed) running.kill('SIGINT');
    });

    expect(await ended).toBe(130);
    expect(text).toContain('Ending everything that the tour has started …');
    expect(text).not.toContain('requests ·');
    await expectNothingLeft();
  });

  it('names the strategies that it shows to whoever asks for another', async () => {
    const said = await tour('--strategy blue-gren');
    expect(said.code).toBe(1);
    expect(said.text).toContain('The tour does not show "blue-gren". (E_USAGE)');
    expect(said.text).toContain('blue-green');
  });

  function tour(options: string) {
    return clone.shell(`TMPDIR=${place} node scripts/tour.js ${options}`);
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await processesLeft(place)).toEqual([]);
    expect(readdirSync(place)).toEqual([]);
  }
});

/** A lane without its label, as wide as it is. */
function laneOf(shown: string, name: string): string {
  const row = shown.split('\n').find((line) => line.startsWith(`${name} `)) ?? '';
  return row.slice('violet   '.length).padEnd(95);
}
