/** The app's own environment, deployment hooks, and the prominent warning after a rollback. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { commandsOf, kill, untilOver, untilPhase } from '../support/crash';
import { docker } from '../support/compose';
import { expectDone, expectLive } from '../support/expect-live';
import type { CommandResult } from '../support/live-clone';
import { startLoad } from '../support/load';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

const CANARY = 'canary-in-the-coal-mine';
const BAKE = { config: { bake: { seconds: 0 } } };

const fails = ['node', '-e', 'console.error("Error: no such thing"); process.exit(5)'];
const hangs = ['node', '-e', 'setInterval(() => {}, 1000)'];

let clone: TinyClone;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ ...BAKE.config, runtime });
    expectDone(await clone.start());
  });
  afterAll(() => clone.cleanUp());

  describe("the app's own environment", () => {
    it('is set without a lost request and without a build', async () => {
      const load = startLoad({
        port: clone.ports.http,
        pauseMs: 10,
        mix: [{ method: 'GET', path: '/work' }],
        slow: null,
      });
      await load.more(200);
      const { commit } = await clone.serving();

      const result = await env('set', `OWN_KEY=${CANARY}`, 'OWN_MOOD=good');

      await load.more(200);
      expect(await load.stop()).toMatchObject({ failures: 0 });
      expectDone(result);
      expect(result.text).toMatch(/✓ LIVE in .* on green, with the new environment$/m);
      expect(result.text).not.toMatch(/check out|install|test|build/);
      expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'good' });
      expect(await clone.serving()).toMatchObject({ commit });
    });

    it('for the build rebuilds the active release immediately, and a bad value leaves everything unchanged', async () => {
      const saves = `const { OWN_KEY, OWN_LOOK, SWITCHYARD_COMMIT } = process.env;
        require('node:fs').writeFileSync('app/built.json', JSON.stringify({ OWN_KEY, OWN_LOOK, SWITCHYARD_COMMIT }))`;
      const { commit } = expectLive(
        await clone.release({ config: { ...BAKE.config, runtime, app: { build: ['node', '-e', saves] } } }),
      );
      const built = async (): Promise<unknown> => JSON.parse((await clone.get('/built')).text);
      expect(await built()).toEqual({ SWITCHYARD_COMMIT: commit });

      const result = await env('set', '--for', 'build', 'OWN_LOOK=canary-look');

      expectDone(result);
      expect(result.text).toMatch(/the variables of its install or build have changed/);
      expect(await built()).toEqual({ SWITCHYARD_COMMIT: commit, OWN_LOOK: 'canary-look' });
      expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'good' });
      expect((await env('list')).text).toMatch(/^OWN_LOOK .*  for build$/m);

      const before = await clone.state();
      const refused = await env('set', '--for', 'build', 'OWN_LOOK=refuse-to-look');
      expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('cannot look ***') });
      // the idle slot also runs the live build now, not the previous one
      const files = before.files.filter((name) => name !== `releases/${commit}`);
      expect(await clone.state()).toEqual({ ...before, files });
      expect(await built()).toMatchObject({ OWN_LOOK: 'canary-look' });
      // a restarted process also runs the earlier build
      kill((await clone.serving()).pid);
      await until('the release to run again', async () => (await clone.get('/built')).status === 200);
      expect(await built()).toMatchObject({ OWN_LOOK: 'canary-look' });
      expectDone(await env('unset', 'OWN_LOOK'));
      expect(await built()).toEqual({ SWITCHYARD_COMMIT: commit });
    });

    it("may hold Node's own variables, which Node reads before the app starts", async () => {
      const node = async (): Promise<unknown> => JSON.parse((await clone.get('/node')).text);
      const files = {
        'app/early.mjs': 'globalThis.early = true;\n',
        'app/lib/only-by-node-path.js': 'module.exports = 1;\n',
      };
      expectLive(await clone.release({ config: { ...BAKE.config, runtime }, files }));
      const options = 'NODE_OPTIONS=--max-old-space-size=128 --import ./app/early.mjs';

      expectDone(await env('set', options, 'NODE_PATH=./app/lib', 'LC_ALL=de_DE.UTF-8'));

      const { heapMb, ...rest } = (await node()) as { heapMb: number };
      expect(rest).toEqual({ early: true, locale: 'de-DE', fromNodePath: true, main: true });
      expect(heapMb).toBeGreaterThanOrEqual(128);
      expect(heapMb).toBeLessThan(256);
      const { pid, instance } = await clone.serving();
      kill(pid);
      await until('the next process of the slot', async () => {
        const now = await clone.serving().catch(() => null);
        return now?.instance === instance && now.pid !== pid;
      });
      expect(await node()).toMatchObject(rest);
      expectDone(await env('unset', 'NODE_OPTIONS', 'NODE_PATH', 'LC_ALL'));
      expect(await node()).toMatchObject({ early: null, fromNodePath: false });
      expect(await env('set', 'NODE_OPTIONS=--no-such-option')).toMatchObject({ code: 1 });
      expect(await node()).toMatchObject({ early: null });
    });

    it('for the install takes effect with the next install', async () => {
      const result = await env('set', '--for', 'install', 'OWN_TOKEN=canary-token');
      expect(result).toMatchObject({
        code: 0,
        text: expect.stringContaining('takes effect with the next install'),
      });
      expect((await env('list')).text).toMatch(/^OWN_TOKEN .* for install  waits for the next deployment$/m);
      expectDone(await env('unset', 'OWN_TOKEN'));
      expect(await env('set', '--for', 'tests', 'A=b')).toMatchObject({
        code: 1,
        text: expect.stringContaining('--for takes install, build or run, not "tests".'),
      });
    });

    if (runtime === 'compose') {
      it('is stored only in its own file and in no image, and reaches the migration and a restarted process', async () => {
        const migrate = ['node', '-e', 'console.log("using", process.env.OWN_KEY)'];
        const { deployment } = expectLive(
          await clone.release({
            config: { ...BAKE.config, runtime, app: { migrate } },
          }),
        );
        expect((await clone.switchyard('logs', String(deployment.id))).text).toContain('using ***');

        const { pid, commit } = await clone.serving();
        kill(pid);

        // the standby answers until it is back
        await until('a new process of the release', async () => {
          const now = await clone.serving().catch(() => null);
          return now?.commit === commit && now.pid !== pid;
        });
        expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'good' });
        const { images } = await clone.state();
        const files = filesWith(CANARY);
        expect(files.filter((file) => path.dirname(file) !== clone.home.env)).toEqual([]);
        for (const image of images) expect(docker('image', 'inspect', image)).not.toContain(CANARY);
      });

      it('stays unchanged when the app refuses a new value', async () => {
        const before = await clone.state();
        const result = await env('set', 'OWN_MOOD=refuse-all-of-it');
        expect(result).toMatchObject({ code: 1, text: expect.stringContaining('cannot work with ***') });
        expect(await clone.state()).toEqual(before);
        expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'good' });
      });

      return;
    }

    it('can be set from standard input and from a file', async () => {
      clone.write('more/.env', 'OWN_FILE="from a file" # with a comment\nOWN_MOOD=better\n');
      const lines = `printf 'from input\\n' | node bin/switchyard.js env set OWN_INPUT --file more/.env`;
      expectDone(await clone.shell(lines));
      expect(await own()).toEqual({
        OWN_KEY: CANARY,
        OWN_MOOD: 'better',
        OWN_INPUT: 'from input',
        OWN_FILE: 'from a file',
      });
      const fewer = await env('unset', 'OWN_INPUT', 'OWN_FILE');
      expectDone(fewer);
      expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'better' });
    });

    it('is listed with names and dates but without values', async () => {
      const { text } = await env('list');
      expect(text).toMatch(/^OWN_KEY +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\nOWN_MOOD +\d{4}-/);
      const { variables } = JSON.parse((await env('list', '--json')).text);
      expect(variables).toMatchObject([{ name: 'OWN_KEY', waits: null }, { name: 'OWN_MOOD' }]);
      expect(text + JSON.stringify(variables)).not.toMatch(/canary|better/);
    });

    it('reaches the migration, and the log hides its values', async () => {
      const migrate = ['node', '-e', 'console.log("using", process.env.OWN_KEY, process.env.NODE_ENV)'];
      const { deployment } = expectLive(
        await clone.release({ config: { ...BAKE.config, app: { migrate } } }),
      );
      expect((await clone.switchyard('logs', String(deployment.id))).text).toContain('using *** production');
    });

    it('stays unchanged when the app refuses a new value, and the cause does not contain the value', async () => {
      const before = { state: await clone.state(), env: await env('list') };

      const result = await env('set', 'OWN_MOOD=refuse-all-of-it');

      expect(result.code).toBe(1);
      expect(result.text).toMatch(
        /✗ NOT LIVE\. Still serving v1\.0\.0 \(\w+\) with its previous environment: .* exited with code 4 .*cannot work with \*\*\*$/m,
      );
      expect(result.text).not.toContain('refuse-all');
      expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'better' });
      expect({ state: await clone.state(), env: await env('list') }).toEqual(before);
      expect(clone.deployments().at(-1)).toMatchObject({ kind: 'env', state: 'failed', fault: 'operator' });
    });

    it('stays unchanged when the deployment of a new value is killed', async () => {
      const before = await clone.state();
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const setting = env('set', 'OWN_MOOD=hang-for-ever');
      const { id, pid } = await untilPhase(clone, newest, 'start');

      kill(pid);

      expect((await setting).code).toBe(1);
      expect(await untilOver(clone, id)).toMatchObject({ state: 'interrupted' });
      expect(await clone.state()).toEqual(before);
      expectLive(await clone.release());
      expect(await own()).toEqual({ OWN_KEY: CANARY, OWN_MOOD: 'better' });
    });

    it('waits for the next deployment with --later, and a rollback uses the environment then in force', async () => {
      const { commit: older } = await clone.serving();
      expect((await env('set', '--later', 'OWN_MOOD=best')).text).toContain(
        'It takes effect with the next deployment.',
      );
      expect((await env('list')).text).toMatch(/OWN_MOOD .* waits for the next deployment\n$/);
      expect(await own()).toMatchObject({ OWN_MOOD: 'better' });
      expectLive(await clone.release());
      expect(await own()).toMatchObject({ OWN_MOOD: 'best' });

      // the previous release is warm, with the previous environment
      const back = await clone.switchyard('rollback', older);

      expectDone(back);
      expect(back.text).toContain('✓ start');
      expect(await clone.serving()).toMatchObject({ commit: older });
      expect(await own()).toMatchObject({ OWN_MOOD: 'best' });
    });

    it('survives a killed process and a stop of everything', async () => {
      kill((await clone.serving()).pid);
      await untilServes();
      expect(await own()).toMatchObject({ OWN_KEY: CANARY, OWN_MOOD: 'best' });
      expectDone(await clone.switchyard('stop'));
      expectDone(await clone.start());
      expect(await own()).toMatchObject({ OWN_KEY: CANARY, OWN_MOOD: 'best' });
    });

    it('is stored only in its own files, and only processes of the app have it in their environment', async () => {
      // waits until the deployer has tidied up after the earlier tests
      await clone.state();
      const files = filesWith(CANARY);
      expect(files.filter((file) => path.dirname(file) !== clone.home.env)).toEqual([]);
      expect(files.length).toBeGreaterThan(0);
      expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
      const holders = environments().filter((text) => text.includes(CANARY));
      expect(holders.filter((text) => !text.includes('SWITCHYARD_SLOT='))).toEqual([]);
      expect(holders.length).toBeGreaterThan(0);
    });

    it.each([
      [['set', 'PORT=1'], 'PORT cannot be set: Switchyard sets it for each slot.', 'E_ENV'],
      [['set', 'OWN_KEY'], 'Standard input is empty', 'E_ENV'],
      [['unset', 'OWN_OTHER'], 'OWN_OTHER is not set.', 'E_ENV'],
      [['set'], 'Name a variable to set.', 'E_USAGE'],
    ])('refuses the command env %j', async (words, sentence, code) => {
      const result = await env(...words);
      expect(result.text).toContain(sentence);
      expect(result).toMatchObject({ code: 1, text: expect.stringContaining(code) });
    });
  });

  // hooks run on the host and do not depend on the runtime
  if (runtime === 'compose') return;

  describe('hooks', () => {
    it('run at every moment of a push, in order, with its details in their environment', async () => {
      const { commit: from } = await clone.serving();
      const app = { migrate: ['node', '-e', '0'] };
      const stages = ['prepare', 'migrate', 'start', 'shift', 'live'];
      const moments = stages.flatMap((stage) => [`before ${stage}`, `after ${stage}`]);

      const pushed = await clone.release({ config: { ...BAKE.config, app, hooks: notes(...moments) } });

      expectLive(pushed);
      expect(pushed.text).toMatch(/✓ hook before prepare .* noted before prepare/);
      const noted = takeNotes();
      expect(noted.map(({ MOMENT }) => MOMENT)).toEqual(moments);
      const { id, to } = pushed.deployment;
      const about = { DEPLOYMENT: String(id), KIND: 'deploy', COMMIT: pushed.commit, FROM: from, CAUSE: '' };
      for (const note of noted) expect(note).toMatchObject(about);
      expect(noted.at(-1)).toMatchObject({ VERSION: '1.0.0', SLOT: to?.slot });
    });

    it('run during a rollback at the moments that it has', async () => {
      // the warm release, which needs no start
      const { commit: warm } = await clone.slot(clone.table().standby as string);
      expectDone(await clone.switchyard('rollback', warm));
      const noted = takeNotes();
      expect(noted.map(({ MOMENT }) => MOMENT)).toEqual([
        'before shift',
        'after shift',
        'before live',
        'after live',
      ]);
      expect(noted[0]).toMatchObject({ KIND: 'rollback' });
    });

    it.each<[string, string[], RegExp]>([
      ['exit', fails, /The hook "after start" \(.*\) exited with code 5: Error: no such thing$/],
      ['take too long', hangs, /The hook "after start" \(.*\) took longer than 3 s \(limits\.hook\)\.$/],
    ])('that %s fail the deployment, and everything is restored', async (_how, hook, cause) => {
      const before = await clone.state();
      const hooks = { 'after start': hook, ...notes('failure') };

      const pushed = await clone.release({ config: { ...BAKE.config, limits: { hook: 3 }, hooks } });

      expect(pushed.verdict).toMatch(/^✗ NOT LIVE\. Still serving/);
      expect(pushed.verdict).toMatch(cause);
      expect(pushed.deployment).toMatchObject({ state: 'failed', errorCode: 'E_HOOK', fault: 'operator' });
      expect(await clone.state()).toEqual(before);
      expect(takeNotes()).toEqual([
        expect.objectContaining({ MOMENT: 'failure', CAUSE: pushed.deployment.cause, COMMIT: pushed.commit }),
      ]);
    });

    it('that fail before a step do not undo that step', async () => {
      const before = await clone.slots();
      const hooks = { 'before start': fails };
      expect((await clone.release({ config: { ...BAKE.config, hooks } })).verdict).toContain(
        '"before start"',
      );
      // the warm slot was not started again
      expect(await clone.slots()).toEqual(before);
    });

    it('that fail after live or on failure are only reported', async () => {
      const live = await clone.release({ config: { ...BAKE.config, hooks: { 'after live': fails } } });
      expectLive(live);
      expect(live.text).toMatch(/! The hook "after live" .* exited with code 5: Error: no such thing/);
      const bad = { behaviour: { exits: true }, config: { ...BAKE.config, hooks: { failure: fails } } };
      const failed = await clone.release(bad);
      expect(failed.text).toMatch(/! The hook "failure" .* exited with code 5/);
      expect(failed.verdict).toMatch(/exited with code 3/);
      expect(failed.deployment).toMatchObject({ errorCode: 'E_EXITED', fault: 'commit' });
    });

    it('on failure also run for a killed deployment, whose other hook is stopped', async () => {
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const hooks = { 'before shift': hangs, ...notes('failure') };
      const pushing = clone.release({ config: { ...BAKE.config, hooks } });
      const { id, pid } = await untilPhase(clone, newest, 'before shift');
      await until('the hook', () => commandsOf(clone.home, id).length > 0);

      kill(pid);

      expect((await pushing).deployment).toMatchObject({ state: 'interrupted' });
      expect(commandsOf(clone.home, id)).toEqual([]);
      expect(takeNotes()).toMatchObject([{ MOMENT: 'failure', DEPLOYMENT: String(id) }]);
    });

    it('do not run when npm start restores the live release', async () => {
      clone.change({ config: { ...BAKE.config, hooks: { 'before start': fails } } });
      expectDone(await clone.switchyard('stop'));
      expectDone(await clone.start());
      clone.change(BAKE);
    });
  });

  describe('after a rollback', () => {
    it('a prominent warning stays until the rolled-back release or a newer one is live', async () => {
      const newer = await clone.release();
      expect((await clone.switchyard('status')).text).not.toContain('production runs');

      const back = await clone.switchyard('rollback');

      const { commit: older } = await clone.serving();
      const line = `production runs v1.0.0 (${older.slice(0, 7)}), not v1.0.0 (${newer.commit.slice(0, 7)})`;
      // an operator requested the rollback, so the output says how to undo it instead
      expect(back.text).not.toContain(line);
      const again = `./switchyard deploy ${newer.commit.slice(0, 7)}`;
      expect(back.text.trimEnd()).toMatch(new RegExp(`  to make v1\\.0\\.0 .* live again: ${again}$`));
      for (const command of ['status', 'history']) {
        const result = await clone.switchyard(command);
        expect(result).toMatchObject({
          code: 0,
          text: expect.stringContaining(`! ${line}: an operator rolled it back`),
        });
      }
      expect((await clone.start()).text).toContain(`! ${line}`);
      const failed = await clone.release({ behaviour: { exits: true } });
      expect(failed.text).toContain(`! ${line}`);
      expect((await clone.release()).text).not.toContain('production runs');
      expect((await clone.switchyard('status')).text).not.toContain('production runs');
    });
  });
});

/** Hooks that record their environment. */
function notes(...moments: string[]): Record<string, string[]> {
  const script = `const { appendFileSync } = require('node:fs');
    const variables = Object.entries(process.env).filter(([name]) => /^SWITCHYARD_/.test(name));
    const note = Object.fromEntries(variables.map(([name, value]) => [name.slice(11), value]));
    appendFileSync(process.argv[1], JSON.stringify(note) + '\\n');
    console.log('noted', note.MOMENT);`;
  return Object.fromEntries(moments.map((moment) => [moment, ['node', '-e', script, notesFile()]]));
}

function takeNotes(): Record<string, string>[] {
  const lines = existsSync(notesFile()) ? readFileSync(notesFile(), 'utf8').trimEnd().split('\n') : [];
  rmSync(notesFile(), { force: true });
  return lines.map((line) => JSON.parse(line) as Record<string, string>);
}

function notesFile(): string {
  return path.join(clone.home.shared, 'notes');
}

function env(...words: string[]): Promise<CommandResult> {
  return clone.switchyard('env', ...words);
}

/** The app's own variables in the live process. */
async function own(): Promise<unknown> {
  return JSON.parse((await clone.get('/own')).text);
}

async function untilServes(): Promise<void> {
  await until('the app to answer', async () => (await clone.get('/own')).status === 200);
}

/** Files of the home that contain the text, except the app's own logs, which Switchyard does not control. */
function filesWith(text: string): string[] {
  return readdirSync(clone.home.dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^app-.*\.log$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => contentOf(file)?.includes(text));
}

/** Null for a file that was removed after it was listed, for example by git. */
function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

function environments(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) && Number(pid) !== process.pid
        ? [readFileSync(`/proc/${pid}/environ`, 'utf8')]
        : [];
    } catch {
      return []; // exited, or belongs to another user
    }
  });
}
