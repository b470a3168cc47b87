import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  removeEnvironment,
  pruneEnvironments,
  storeEnvironment,
  numberInForce,
  nextNumber,
  readEnvironment,
  redactorOf,
  keyedHash,
  variablesFor,
} from '../../../deploy/config/app-environment';
import { NO_VARIABLES, type Phase } from '../../../deploy/core/environment';
import { homeAt, type Home } from '../../../deploy/home/home';
import { Journal } from '../../../deploy/journal/journal';
import { afterwards, tempHome } from '../../support/temp-home';

let home: Home;
let journal: Journal;

beforeEach(async () => {
  home = homeAt(tempHome());
  journal = Journal.open(home, redactorOf(home));
  afterwards(() => journal.close());
  await journal.prepare();
});

it('the first environment is empty and has number 0', () => {
  expect(numberInForce(home, journal)).toBe(0);
  expect(variablesFor(home, 0, 'run')).toEqual({});
});

it('values are kept in files that only their owner can read', () => {
  const number = keep({ KEY: 'value' });
  expect(variablesFor(home, number, 'run')).toEqual({ KEY: 'value' });
  expect(statSync(path.join(home.env, `${number}.json`)).mode & 0o777).toBe(0o600);
  expect(statSync(home.env).mode & 0o777).toBe(0o700);
  expect(readdirSync(home.env)).toEqual(['1.json']);
});

it('the variables of a phase reach that phase alone', () => {
  const number = keep({ NPM_TOKEN: 'secret' }, false, 'install');
  expect(variablesFor(home, number, 'install')).toEqual({ NPM_TOKEN: 'secret' });
  for (const phase of ['build', 'run'] as const) expect(variablesFor(home, number, phase)).toEqual({});
});

it('a file of a kit without phases is read', () => {
  mkdirSync(home.env);
  const variables = { KEY: { value: 'x', at: 1 } };
  writeFileSync(path.join(home.env, '1.json'), JSON.stringify({ variables, waits: false }));
  expect(readEnvironment(home, 1)).toEqual({ install: {}, build: {}, run: variables });
});

it('the values of every phase are hidden', () => {
  keep({ NPM_TOKEN: 'canary-install' }, false, 'install');
  keep({ SENTRY: 'canary-build' }, false, 'build');
  expect(redactorOf(home)('canary-install, canary-build')).toBe('***, ***');
});

it('a text is sealed with a key that only this home has', () => {
  const seal = keyedHash(home, 'NPM_TOKEN=secret');
  expect(keyedHash(home, 'NPM_TOKEN=secret')).toBe(seal);
  expect(keyedHash(home, 'NPM_TOKEN=other')).not.toBe(seal);
  // without the key, values cannot be guessed by trying
  expect(keyedHash(homeAt(tempHome()), 'NPM_TOKEN=secret')).not.toBe(seal);
  expect(statSync(path.join(home.env, 'key')).mode & 0o777).toBe(0o600);
  pruneEnvironments(home, journal, []);
  expect(keyedHash(home, 'NPM_TOKEN=secret')).toBe(seal);
});

it('no number is used twice, not even that of a discarded environment', async () => {
  expect(keep({ KEY: 'bad' })).toBe(1);
  await journal.request({ kind: 'env', trigger: 'command', strategy: 'blue-green', environment: 1 });
  removeEnvironment(home, 1);
  expect(keep({ KEY: 'good' })).toBe(2);
});

it('the environment in force follows the live deployment, and returns when its bake is rolled back', async () => {
  await makeLive(keep({ KEY: 'old' }));
  const tried = keep({ KEY: 'new' });
  expect(numberInForce(home, journal)).toBe(1);
  const id = await makeLive(tried, 'baking');
  expect(numberInForce(home, journal)).toBe(tried);
  await journal.move(id, 'rolled-back', { fault: 'operator' });
  expect(numberInForce(home, journal)).toBe(tried);
  const bad = await makeLive(keep({ KEY: 'newest' }), 'baking');
  await journal.move(bad, 'rolled-back', { fault: 'commit' });
  expect(numberInForce(home, journal)).toBe(tried);
});

it('the next deployment gets the pending environment, not one that a killed command left', async () => {
  await makeLive(keep({ KEY: 'now' }));
  const later = keep({ KEY: 'later' }, true);
  keep({ KEY: 'left by a killed command' });
  expect([numberInForce(home, journal), nextNumber(home, journal)]).toEqual([1, later]);
});

it('environments that nothing needs are removed, so that no old secrets remain', async () => {
  for (const value of ['a', 'b', 'c', 'd']) await makeLive(keep({ KEY: value }));
  pruneEnvironments(home, journal, [2]);
  expect(readdirSync(home.env).sort()).toEqual(['2.json', '4.json']);
});

it('a removed environment is an error, and files with other names are ignored', () => {
  mkdirSync(home.env);
  for (const name of ['x.json', '0.json', '7.json.new', '9.json'])
    writeFileSync(path.join(home.env, name), '{');
  expect(numberInForce(home, journal)).toBe(0);
  expect(() => variablesFor(home, 7, 'run')).toThrow(
    expect.objectContaining({ code: 'E_ENV', message: 'The environment 7 is no longer in the home.' }),
  );
});

it('no value reaches the journal, not even one set after it was opened', async () => {
  keep({ KEY: 'canary-value-1' }, true);
  const { id } = await journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green' });
  await journal.record(id, { type: 'warning', message: 'it says canary-value-1' });
  await journal.note(id, { cause: 'noted canary-value-1' });
  await journal.move(id, 'running');
  await journal.move(id, 'failed', { cause: 'moved canary-value-1' });
  expect(JSON.stringify([journal.since(0), journal.history()])).not.toContain('canary');
  expect(journal.get(id)?.cause).toBe('moved ***');
});

it('the folder for environments is created, and closed to others, in a home of an older version', () => {
  chmodSync(home.dir, 0o755);
  keep({ KEY: 'x' });
  expect(statSync(home.env).mode & 0o077).toBe(0);
});

function keep(values: Record<string, string>, waits = false, phase: Phase = 'run'): number {
  const variables = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, at: 1 }]),
  );
  return storeEnvironment(home, journal, { environment: { ...NO_VARIABLES, [phase]: variables }, waits });
}

async function makeLive(environment: number, end: 'succeeded' | 'baking' = 'succeeded'): Promise<number> {
  const { id } = await journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green' });
  await journal.move(id, 'running', { environment, liveAt: Date.now() + id });
  await journal.move(id, end);
  return id;
}
