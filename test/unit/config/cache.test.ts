import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheKey, readCached, writeCached } from '../../../deploy/config/cache';
import type { Config } from '../../../deploy/config/load';
import type { Settings } from '../../../deploy/config/settings';
import { loadConfig } from '../../../deploy/config/load';
import { tempHome } from '../../support/temp-home';

const config = loadConfig(tempHome(), {});

describe('the key of a configuration', () => {
  it('depends on its value, the settings and the build', () => {
    const key = cacheKey('build 1', { name: 'mine' }, { HTTP_PORT: '80' });
    expect(cacheKey('build 1', { name: 'mine' }, { HTTP_PORT: '80' })).toBe(key);
    expect(cacheKey('build 2', { name: 'mine' }, { HTTP_PORT: '80' })).not.toBe(key);
    expect(cacheKey('build 1', { name: 'other' }, { HTTP_PORT: '80' })).not.toBe(key);
    expect(cacheKey('build 1', { name: 'mine' }, { HTTP_PORT: '81' })).not.toBe(key);
  });

  it('is null when JSON cannot represent the value', () => {
    expect(cacheKey('build', { hooks: { failure: () => 'mistaken' } }, {})).toBeNull();
    expect(cacheKey('build', { bake: { seconds: NaN } }, {})).toBeNull();
  });

  it('is null when the build is unknown', () => expect(cacheKey(null, {}, {})).toBeNull());
});

describe('a cached configuration', () => {
  it('is found only by its key, and only its owner may read it', () => {
    const file = path.join(tempHome(), 'config.json');
    writeCached(file, 'key', config);
    expect(readCached(file, 'key')).toEqual(config);
    expect(readCached(file, 'another')).toBeNull();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is null when it cannot be read or written', () => {
    const file = path.join(tempHome(), 'config.json');
    expect(readCached(file, 'key')).toBeNull();
    writeFileSync(file, '{"key":"key","conf');
    expect(readCached(file, 'key')).toBeNull();
    const nowhere = path.join(tempHome(), 'nowhere', 'config.json');
    expect(() => writeCached(nowhere, 'key', config)).not.toThrow();
  });
});

describe('loading a configuration', () => {
  const configured = (text: string): { load: (settings?: Settings) => Config; checked: string } => {
    const root = tempHome();
    const checked = path.join(root, 'config.json');
    writeFileSync(path.join(root, 'deploy.config.js'), text);
    const known = { file: checked, build: 'a build' };
    return { load: (settings = {}) => loadConfig(root, settings, known), checked };
  };

  it('uses the checked copy, and checks again with other settings', () => {
    const { load, checked } = configured("module.exports = { name: 'first' };");
    expect(load().name).toBe('first');
    // the copy is used without another check
    writeFileSync(checked, readFileSync(checked, 'utf8').replaceAll('first', 'taken'));
    expect(load().name).toBe('taken');
    expect(load({ BRANCH: 'next' })).toMatchObject({ name: 'first', branch: 'next' });
  });

  it('rejects an invalid one every time', () => {
    const { load, checked } = configured("module.exports = { nane: 'first' };");
    for (let time = 1; time <= 2; time++) expect(load).toThrow('unknown key "nane"');
    expect(existsSync(checked)).toBe(false);
  });
});
