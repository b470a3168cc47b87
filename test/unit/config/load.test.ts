import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../../../deploy/config/settings';
import { loadConfig, parseAppSettings, slotsOf } from '../../../deploy/config/load';
import { ENVIRONMENT, settingsFrom } from '../../../deploy/config/settings';
import { saveSettings, savedSettings, readSettings } from '../../../deploy/config/saved-settings';
import type { KnownError } from '../../../deploy/core/errors';
import { tempHome } from '../../support/temp-home';

const ROOT = path.resolve(__dirname, '../../..');

describe('deploy.config.js of this repository', () => {
  it('shows the default of every key except app.migrate', () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const explained = require(path.join(ROOT, 'deploy.config.js'));
    const defaults = loadConfig(tempHome(), {});
    expect({ ...explained, app: { ...explained.app, migrate: null } }).toEqual(defaults);
    expect(explained.app.migrate).not.toBeNull();
  });

  it('names the environment variable of each key that has one', () => {
    const text = readFileSync(path.join(ROOT, 'deploy.config.js'), 'utf8');
    for (const name of Object.keys(ENVIRONMENT)) expect(text).toContain(name);
  });
});

describe('a missing key has its default', () => {
  it('without a file, in an empty file, and beside other keys', () => {
    const defaults = loadConfig(tempHome(), {});
    expect(load('module.exports = {};')).toEqual(defaults);
    expect(load('module.exports = { http: { port: 80 } };')).toEqual({
      ...defaults,
      http: { ...defaults.http, port: 80 },
    });
  });

  it('with blue as the first slot', () => {
    expect(slotsOf(load('module.exports = { slots: { green: 4 } };'))).toEqual([
      { name: 'blue', port: 8080 },
      { name: 'green', port: 4 },
    ]);
  });
});

describe('a pool of slots', () => {
  it('can be given as a number, with known names and consecutive ports', () => {
    expect(slotsOf(load('module.exports = { slots: 4 };'))).toEqual([
      { name: 'blue', port: 8080 },
      { name: 'green', port: 8081 },
      { name: 'amber', port: 8082 },
      { name: 'violet', port: 8083 },
    ]);
    expect(slotsOf(load('module.exports = { slots: 8 };')).at(-1)).toEqual({ name: 'lime', port: 8087 });
  });

  it('counts from the port of its first slot, and uses that of the second if it is given', () => {
    const settings = { BLUE_PORT: '7000', GREEN_PORT: '7100' };
    expect(load('module.exports = { slots: 3 };', settings).slots).toEqual({
      blue: 7000,
      green: 7100,
      amber: 7002,
    });
    expect(load(EMPTY, { ...settings, SLOTS: '3' }).slots).toEqual({ blue: 7000, green: 7100, amber: 7002 });
  });

  it('can be given as a port for each slot', () => {
    expect(load('module.exports = { slots: { amber: 7000, green: 7 } };').slots).toEqual({
      blue: 8080,
      green: 7,
      amber: 7000,
    });
    expect(load('module.exports = { slots: 4 };', { SLOTS: 'blue:1,green:2,amber:7' }).slots).toEqual({
      blue: 1,
      green: 2,
      amber: 7,
    });
  });

  it.each([
    'slots: 4',
    'slots: { blue: 5, green: 9, amber: 7 }',
    'slots: { blue: 5, green: 9, amber: 1 }',
    '',
  ])('stays as it was started, whatever the file says later: %s', (slots) => {
    const file = path.join(tempHome(), 'settings.json');
    const started = load(`module.exports = { ${slots} };`);
    saveSettings(file, {}, started);
    expect(load('module.exports = { slots: 7 };', readSettings(file)).slots).toEqual(started.slots);
  });
});

describe('the environment overrides the file', () => {
  it('for every variable it may set', () => {
    const config = load('module.exports = { http: { port: 1 }, branch: "old" };', {
      HTTP_PORT: '2',
      BLUE_PORT: '3',
      GREEN_PORT: '4',
      DEPLOYER_PORT: '5',
      BAKE_SECONDS: '1.5',
      DRAIN_SECONDS: '0',
      BRANCH: 'new',
      SOURCE: 'https://example.com/you/app.git',
    });
    expect(config).toMatchObject({
      http: { port: 2 },
      slots: { blue: 3, green: 4 },
      deployer: { port: 5 },
      bake: { seconds: 1.5 },
      limits: { drain: 0, stop: 15 },
      branch: 'new',
      source: 'https://example.com/you/app.git',
    });
  });

  it('with text for a branch that is named like a number', () => {
    expect(load(EMPTY, { BRANCH: '2024' }).branch).toBe('2024');
    expect(load(EMPTY, { SOURCE: '7' }).source).toBe('7');
  });

  it('only with the variables of Switchyard, and never with an empty one', () => {
    expect(settingsFrom({ HTTP_PORT: '80', BRANCH: '', PATH: '/bin', WEBHOOK_SECRET: 'x' })).toEqual({
      HTTP_PORT: '80',
    });
  });

  it('without changing the object that the file exports', () => {
    const root = write('const it = { http: { port: 1 } }; module.exports = it; Object.freeze(it.http);');
    expect(loadConfig(root, { HTTP_PORT: '2' }).http.port).toBe(2);
    expect(loadConfig(root, {}).http.port).toBe(1);
  });
});

describe('a configuration error says where, what and what to do', () => {
  it.each([
    ['{ brnach: "main" }', 'deploy.config.js: unknown key "brnach".', 'Did you mean "branch"?'],
    ['{ http: { prot: 80 } }', 'unknown key "http.prot".', 'Did you mean "http.port"?'],
    ['{ app: { tests: null } }', 'unknown key "app.tests".', 'Did you mean "app.test"?'],
    ['{ slots: { red: 8082 } }', 'unknown key "slots.red".', 'every key and its default'],
    [
      '{ slots: 9 }',
      '"slots" is not valid: is neither a number from 2 to 8 nor ports by the slots\' names.',
      '',
    ],
    ['{ slots: 1 }', '"slots" is not valid', ''],
    ['{ slots: { amber: "x" } }', '"slots.amber" is not valid', ''],
    ['{ zzzzzzzzz: 1 }', 'unknown key "zzzzzzzzz".', 'every key and its default'],
    ['{ http: { port: "80" } }', '"http.port" is not valid', 'every key and its default'],
    ['{ http: { port: 70000 } }', '"http.port" is not valid', ''],
    ['{ http: { assets: "/" } }', '"http.assets" is not valid: is not the beginning of a path', ''],
    [
      '{ http: { assets: ["/a", "b/"] } }',
      '"http.assets.1" is not valid: is not the beginning of a path',
      '',
    ],
    ['{ http: { assets: "/a\\" 1; }" } }', '"http.assets" is not valid: is not the beginning of a path', ''],
    ['{ http: { maxBody: "25 MB" } }', '"http.maxBody" is not valid: is not a size such as 25m.', ''],
    [
      '{ http: { trustedProxies: ["lb.example"] } }',
      '"http.trustedProxies.0" is not valid: is not an address or a network such as 10.0.0.0/8.',
      '',
    ],
    ['{ http: { trustedProxies: ["0.0.0.0/0"] } }', '"http.trustedProxies.0" is not valid', ''],
    ['{ http: { trustedProxies: ["10.0.0.0/33"] } }', '"http.trustedProxies.0" is not valid', ''],
    ['{ http: { perAddress: 0 } }', '"http.perAddress" is not valid', ''],
    ['{ http: null }', '"http" is not valid', ''],
    ['{ bake: { seconds: -1 } }', '"bake.seconds" is not valid', ''],
    ['{ canary: { steps: [] } }', '"canary.steps" is not valid', ''],
    ['{ canary: { steps: [0, 50] } }', '"canary.steps.0" is not valid', ''],
    ['{ canary: { steps: ["pause", 50] } }', '"canary.steps" is not valid: are not increasing shares', ''],
    ['{ canary: { steps: [25, 25] } }', '"canary.steps" is not valid: are not increasing shares', ''],
    ['{ canary: { goal: { path: "/", header: "x" } } }', '"canary.goal" is not valid', ''],
    ['{ strategy: "magic" }', '"strategy" is not valid: is neither a strategy (in-place, rolling, ', ''],
    ['{ strategy: { main: "magic" } }', '"strategy" is not valid', ''],
    ['{ rolling: { batch: "0%" } }', '"rolling.batch" is not valid', ''],
    ['{ rolling: { batch: 0 } }', '"rolling.batch" is not valid', ''],
    ['{ source: "https://git.example/a.git?token=t0ken" }', '"source" is not valid: it has a query', ''],
    ['{ app: { health: "health" } }', '"app.health" is not valid', ''],
    ['{ app: { start: () => 1 } }', '"app.start" is not valid', ''],
    ['{ app: { build: [] } }', '"app.build" is not valid', ''],
    ['{ app: { smoke: ["/", "x"] } }', '"app.smoke.1" is not valid', ''],
    ['"text"', 'deploy.config.js exports a string, not an object.', 'Export the object itself'],
    ['[]', 'deploy.config.js exports an array, not an object.', 'Export the object itself'],
    ['() => ({})', 'deploy.config.js exports a function, not an object.', 'Export the object itself'],
    ['{ slots: { blue: 8081 } }', '"slots.blue" and "slots.green" are both port 8081.', 'another port'],
    ['{ deployer: { port: 8000 } }', '"http.port" and "deployer.port" are both port 8000.', 'another port'],
  ])('for %s', (exported, message, hint) => {
    const error = refusal(`module.exports = ${exported};`, {});
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    // the file is named even if a setting overrides a part of it
    expect(refusal(`module.exports = ${exported};`, { DRAIN_SECONDS: '1' }).message).toContain(message);
  });

  it.each([
    ['HTTP_PORT', 'eighty'],
    ['BLUE_PORT', '0'],
    ['SLOTS', 'many'],
    ['SLOTS', '20'],
    ['BAKE_SECONDS', '-1'],
    ['DRAIN_SECONDS', '1e9'],
  ] as const)("with the environment's variable %s instead of the file", (name, text) => {
    const error = refusal(EMPTY, { [name]: text });
    expect(error.message).toContain(`the environment's ${name} is not valid`);
    expect(error.hint).toBe(`Change ${name} or unset it.`);
  });

  it('for the same port twice, even if the environment sets one of them', () => {
    expect(refusal(EMPTY, { HTTP_PORT: '8080' }).message).toBe(
      '"http.port" and "slots.blue" are both port 8080.',
    );
  });

  it('for a file that cannot be read', () => {
    expect(refusal('module.exports = {', {}).message).toContain('deploy.config.js cannot be read: ');
    expect(refusal('throw new Error("no\\nway")', {}).message).toBe('deploy.config.js cannot be read: no');
  });
});

describe("a commit's own app settings", () => {
  it('come from its own file', () => {
    expect(parseAppSettings({ start: 'server.js' })).toMatchObject({
      start: 'server.js',
      health: '/health',
      migrate: null,
    });
  });

  it('are the defaults when its file has no such section', () => {
    expect(parseAppSettings(undefined)).toEqual(loadConfig(tempHome(), {}).app);
  });

  it("are validated like any others, with the file's own name in the message", () => {
    expect(() => parseAppSettings({ helth: '/up' }, 'deploy.config.mjs')).toThrow(
      'deploy.config.mjs: unknown key "app.helth"',
    );
    expect(() => parseAppSettings('server.js')).toThrow('"app" is not valid');
    expect(() => parseAppSettings(null)).toThrow('"app" is not valid');
  });
});

describe('the settings saved in a home', () => {
  it('are empty before the first start, and then those that were given', () => {
    const file = path.join(tempHome(), 'settings.json');
    expect(readSettings(file)).toEqual({});
    writeFileSync(file, '{"HTTP_PORT":"80","OF_A_LATER_VERSION":"1"}');
    expect(readSettings(file)).toEqual({ HTTP_PORT: '80' });
  });

  it('stay in force until the next start, whatever deploy.config.js says later', () => {
    const file = path.join(tempHome(), 'settings.json');
    saveSettings(file, { BAKE_SECONDS: '3' }, load('module.exports = { http: { port: 8100 } };'));

    const edited = 'module.exports = { branch: "next", http: { port: 8200 } };';
    expect(load(edited, readSettings(file))).toMatchObject({
      branch: 'main',
      http: { port: 8100 },
      bake: { seconds: 3 },
    });
    expect(load(edited, savedSettings(file))).toMatchObject({
      branch: 'next',
      http: { port: 8200 },
      bake: { seconds: 3 },
    });
  });

  it('are an error when their file is broken', () => {
    const file = path.join(tempHome(), 'settings.json');
    writeFileSync(file, '{"HTTP_');
    expect(() => readSettings(file)).toThrow(expect.objectContaining({ code: 'E_HOME' }));
  });
});

/** A file that leaves every key at its default. */
const EMPTY = 'module.exports = {};';

function write(text: string): string {
  const root = path.join(tempHome(), 'clone');
  mkdirSync(root);
  writeFileSync(path.join(root, 'deploy.config.js'), text);
  return root;
}

function load(text: string, settings: Settings = {}): ReturnType<typeof loadConfig> {
  return loadConfig(write(text), settings);
}

function refusal(text: string, settings: Settings): KnownError {
  try {
    load(text, settings);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    return error as KnownError;
  }
  throw new Error(`nothing was refused in ${text}`);
}
