/**
 * Replaces the sample app by another app exactly as docs/own-app.md describes: the tests run the code blocks of that
 * page.
 */
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { liveClone, type LiveClone } from '../support/live-clone';
import { environmentOf, forEachRuntime } from '../support/runtimes';
import { startReaders } from '../support/load';
import { blocksOf } from '../support/page-blocks';

const ROOT = path.resolve(__dirname, '..', '..');
const OWN_APP = path.join(ROOT, 'test', 'fixtures', 'own-app');
const WHO = { GIT_AUTHOR_NAME: 'Own', GIT_AUTHOR_EMAIL: 'own@example.org' };
const SAME_WHO = { GIT_COMMITTER_NAME: 'Own', GIT_COMMITTER_EMAIL: 'own@example.org' };

type Four = [string, string, string, string];

const codes = blocksOf('docs/own-app.md').map(({ code }) => code);
const [contract, replace, section, makeLive] = codes as Four;

describe("a user's own app", () => {
  it("needs only the contract's four lines", () => {
    expect(codes).toHaveLength(4);
    expect(readFileSync(path.join(OWN_APP, 'server.js'), 'utf8')).toContain(contract);
  });

  forEachRuntime((runtime) => {
    let clone: LiveClone;

    beforeAll(async () => {
      clone = await liveClone({ env: { ...WHO, ...SAME_WHO, ...environmentOf(runtime) } });
      cpSync(OWN_APP, path.join(clone.dir, '..', 'my-app'), { recursive: true });
      // most apps are repositories, and git does not commit a repository inside a repository
      await clone.shell('git init --quiet ../my-app');
    });
    afterAll(() => clone.cleanUp());

    it('goes live with the documented steps', async () => {
      expectDone(await clone.shell(replace));
      setSection(clone, section);

      const output = await clone.shell(makeLive);

      expect(output.text).toContain('is live on blue');
      expectDone(output);
      expect(await edition(clone)).toBe('first edition');
    });

    it('deploys its next version under load without losing a request', async () => {
      const users = startReaders(clone.ports.http, '/quotes/1', { connections: 16 });
      await users.more(100);
      edit(clone, 'app/quotes.js', 'first edition', 'second edition');

      const output = await clone.push('second edition');
      await users.more(100);
      const result = await users.stop();

      expectLive(output);
      expect(result.failed).toEqual([]);
      expect(Object.keys(result.versions).sort()).toEqual(['first edition', 'second edition']);
      expect(clone.deployments().at(-1)).toMatchObject({ state: 'succeeded', failed: 0 });
    });

    // tests run before the runtime is used
    if (runtime === 'pm2') {
      it('does not go live while its own test fails', async () => {
        edit(clone, 'app/quotes.js', 'number % QUOTES.length', '0');

        const output = await clone.push('always the same');

        expect(verdictOf(output.text)).toMatch(
          /^✗ NOT LIVE\. Still serving .*: The tests \(node --test app\/quotes\.test\.js\)/,
        );
        expect(await edition(clone)).toBe('second edition');
        await clone.git('revert', '--no-edit', 'HEAD');
      });
    }

    it('does not go live when it ignores PORT, and the cause says so', async () => {
      edit(clone, 'app/server.js', 'app.listen(PORT', 'app.listen(0');
      edit(clone, 'deploy.config.js', 'start: 60', 'start: 2');

      const output = await clone.push('a port of its own');

      expect(verdictOf(output.text)).toMatch(
        /^✗ NOT LIVE\. .*: \/health in blue answered connection refused \(it listens on \d+ and not on PORT\)\.$/,
      );
      expect(await edition(clone)).toBe('second edition');
    });

    it('returns to the previous version with rollback', async () => {
      expectDone(await clone.switchyard('rollback'));

      expect(await edition(clone)).toBe('first edition');
    });
  });
});

function setSection(clone: LiveClone, app: string): void {
  const config = clone.read('deploy.config.js');
  const changed = config.replace(/^ {2}app: \{\n[^]*?^ {2}\},\n/m, app);
  expect(changed).not.toBe(config);
  clone.write('deploy.config.js', changed);
}

function edit(clone: LiveClone, file: string, from: string, to: string): void {
  const text = clone.read(file);
  expect(text).toContain(from);
  clone.write(file, text.replace(from, to));
}

async function edition(clone: LiveClone): Promise<unknown> {
  const { status, text } = await clone.get('/quotes/1');
  expect(status).toBe(200);
  return (JSON.parse(text) as { version: unknown }).version;
}
