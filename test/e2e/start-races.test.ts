/** `npm start` in parallel with itself, `npm stop` and a push: each succeeds or reports that another one is running. */
import { readFileSync } from 'node:fs';
import type { CommandResult } from '../support/live-clone';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(300_000);

const ROUNDS = 3;

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
});
afterAll(() => clone.cleanUp());

/** Succeeded, or refused with a known error: no half-written file, no stack trace. */
function expectDoneOrRefused({ code, text }: CommandResult): void {
  expect(text).not.toMatch(/E_INTERNAL|E_HOME|SyntaxError|\n\s+at /);
  if (code !== 0) expect(text).toContain('Another npm start or npm stop is running here.');
}

it('two parallel starts leave one running Switchyard and intact settings', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const cold = await Promise.all([clone.start(), clone.start()]);
    cold.forEach(expectDoneOrRefused);
    expect(cold.some(({ code }) => code === 0)).toBe(true);
    const warm = await Promise.all([
      clone.shell('BAKE_SECONDS=2 node scripts/start.js'),
      clone.shell('BAKE_SECONDS=3 node scripts/start.js'),
      clone.git('push', 'live', 'main'),
    ]);
    warm.slice(0, 2).forEach(expectDoneOrRefused);
    const { BAKE_SECONDS } = JSON.parse(readFileSync(clone.home.settings, 'utf8')) as Record<string, string>;
    expect(['2', '3']).toContain(BAKE_SECONDS);
    expect((await clone.get('/version')).status).toBe(200);
    (await Promise.all([clone.start(), clone.switchyard('stop')])).forEach(expectDoneOrRefused);
    expect((await clone.switchyard('stop')).code).toBe(0);
  }
});
