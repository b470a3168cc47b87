import type { LockedPackage } from '../../../../deploy/core/missing-packages';
import type { PackageFiles } from '../../../../deploy/release/packages/package-files';
import {
  hasDependencies,
  isShareable,
  modulesKey,
  readPackageFiles,
} from '../../../../deploy/release/packages/package-files';
import { tempHome } from '../../../support/temp-home';

const files = (
  manifest: PackageFiles['manifest'] = { dependencies: { express: '^5.0.0' } },
  packages: Record<string, LockedPackage> = { '': {}, 'node_modules/express': { version: '5.0.0' } },
  npmrc = '',
): PackageFiles => ({ manifest, lock: { text: JSON.stringify(packages), packages }, npmrc });

describe('the key of a package store', () => {
  const key = modulesKey(files(), '11.0.0');

  test('is the same for the same lockfile, whatever else is in package.json', () => {
    const other = { dependencies: { express: '^5.0.0' }, scripts: { build: 'tsc' }, version: '2.0.0' };
    expect(modulesKey(files(other), '11.0.0')).toBe(key);
  });

  test("is the same when npm version changed the project's own version in the lockfile", () => {
    const express = { version: '5.0.0' };
    const released = files(undefined, { '': { version: '2.0.0' }, 'node_modules/express': express });
    expect(modulesKey(released, '11.0.0')).toBe(key);
  });

  test.each([
    ['a locked version', files(undefined, { 'node_modules/express': { version: '5.0.1' } })],
    ['a dependency', files({ dependencies: { express: '^5.1.0' } })],
    ['an override', files({ dependencies: { express: '^5.0.0' }, overrides: { qs: '6' } })],
    ['.npmrc', files(undefined, undefined, 'legacy-peer-deps=true')],
  ])('changes with %s', (_what, changed) => {
    expect(modulesKey(changed, '11.0.0')).not.toBe(key);
  });

  test("changes with npm's version", () => {
    expect(modulesKey(files(), '11.0.1')).not.toBe(key);
  });

  test("changes with the install's variables", () => {
    const keys = [null, 'a', 'b'].map((seal) => modulesKey(files(), '11.0.0', seal));
    expect(new Set(keys).size).toBe(3);
    expect(keys[0]).toBe(key);
  });
});

describe('node_modules can be shared', () => {
  test('if they depend only on the lockfile', () => {
    expect(isShareable(files())).toBe(true);
  });

  test.each(['preinstall', 'install', 'postinstall', 'prepare'])(
    "but not with the project's own %s script",
    (script) => {
      expect(
        isShareable(files({ dependencies: { a: '1' }, scripts: { [script]: 'node generate.js' } })),
      ).toBe(false);
    },
  );

  test('but not with a workspace or a linked folder', () => {
    const packages = { '': {}, 'packages/a': {}, 'node_modules/a': { link: true } };
    expect(isShareable(files(undefined, packages))).toBe(false);
  });

  test('but not with a lockfile of npm 6, which does not list them', () => {
    expect(isShareable(files(undefined, {}))).toBe(false);
  });
});

test.each([
  [{}, false],
  [{ dependencies: {} }, false],
  [{ scripts: { test: 'jest' } }, false],
  [{ devDependencies: { jest: '30' } }, true],
  [{ workspaces: ['packages/*'] }, true],
  [{ scripts: { postinstall: 'node x.js' } }, true],
])('whether %j has something to install is %s', (manifest, expected) => {
  expect(hasDependencies({ manifest, lock: null, npmrc: '' })).toBe(expected);
});

test('a folder without package.json is an error that says so', () => {
  const read = (): PackageFiles => readPackageFiles(tempHome());
  expect(read).toThrow(
    expect.objectContaining({ code: 'E_INSTALL', message: 'This commit has no package.json.' }),
  );
});
