import type { InstalledPackage, LockedPackage } from '../../../deploy/core/lacking-packages';
import { lackingPackages } from '../../../deploy/core/lacking-packages';

const PLATFORM = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const PLACE = 'node_modules/a';

function lacking(
  wanted: LockedPackage,
  found: InstalledPackage | null,
  { place = PLACE, recorded = false } = {},
): ReturnType<typeof lackingPackages> {
  return lackingPackages(
    { '': {}, [place]: wanted },
    { at: (at) => (at === place ? found : null), isRecorded: () => recorded, platform: PLATFORM },
  );
}

const of = (version: string, name = 'a'): InstalledPackage => ({ manifest: { name, version } });
const NONE = { required: [], optional: [] };
const REQUIRED = { required: [PLACE], optional: [] };
const OPTIONAL = { required: [], optional: [PLACE] };

describe('a package that is there', () => {
  it.each<[string, LockedPackage, InstalledPackage]>([
    ['in its version', { version: '1.0.0' }, of('1.0.0')],
    ['in a looser spelling of its version', { version: '1.2.0-beta' }, of('v1.02.0beta+7')],
    ['under an alias', { name: 'b', version: '1.0.0' }, of('1.0.0', 'b')],
    ['from git, without a version', {}, { manifest: {} }],
    ['as the link that the lockfile names', { link: true }, 'link'],
  ])('is not lacking: %s', (_how, wanted, found) => {
    expect(lacking(wanted, found)).toEqual(NONE);
  });

  it.each<[string, LockedPackage, InstalledPackage]>([
    ['has another version', { version: '1.0.0' }, of('1.0.1')],
    ['is another package', { version: '1.0.0' }, of('1.0.0', 'b')],
    ['has no package.json', { version: '1.0.0' }, { manifest: null }],
    ['has an empty package.json', { version: '1.0.0' }, { manifest: {} }],
    ['is a link and should be a folder', { version: '1.0.0' }, 'link'],
    ['is a folder and should be a link', { link: true }, of('1.0.0')],
    ['is optional and half installed', { version: '1.0.0', optional: true }, { manifest: null }],
  ])('is lacking when it %s', (_how, wanted, found) => {
    expect(lacking(wanted, found)).toEqual(REQUIRED);
  });
});

describe('a package that is not there', () => {
  it.each<[string, LockedPackage]>([
    ['a plain one', { version: '1.0.0' }],
    ['for another platform that nothing makes optional', { version: '1.0.0', os: ['win32'], cpu: ['x64'] }],
    ['a link', { link: true }],
  ])('is lacking: %s', (_which, wanted) => {
    expect(lacking(wanted, null)).toEqual(REQUIRED);
  });

  it.each<[string, LockedPackage]>([
    ['is optional', { optional: true }],
    ['is optional and for another system', { optional: true, os: ['darwin'], cpu: ['x64'] }],
    ['is optional and for another processor', { optional: true, os: ['linux'], cpu: ['arm64'] }],
    [
      'is optional and for another C library',
      { optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
    ],
    ['is optional and refuses this system', { optional: true, os: ['!linux'], cpu: ['x64'] }],
    ['is a peer', { peer: true }],
    ['is needed by optional and development packages', { devOptional: true }],
  ])('may be left out when it %s', (_how, wanted) => {
    expect(lacking(wanted, null)).toEqual(NONE);
  });

  it('may be left out, but not without a second try, when it is optional and made for this platform', () => {
    const wanted = { optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] };
    expect(lacking(wanted, null)).toEqual(OPTIONAL);
  });

  it('is lacking, optional or not, when npm recorded that it is installed', () => {
    expect(lacking({ optional: true }, null, { recorded: true })).toEqual(REQUIRED);
    expect(lacking({ peer: true }, null, { recorded: true })).toEqual(REQUIRED);
  });

  it('is found missing below another package and below a workspace too', () => {
    for (const place of ['node_modules/b/node_modules/a', 'packages/c/node_modules/a'])
      expect(lacking({ version: '1.0.0' }, null, { place })).toEqual({ required: [place], optional: [] });
  });

  it('is none of npm when it is a workspace, which the commit itself holds', () => {
    expect(lacking({ version: '1.0.0' }, null, { place: 'packages/a' })).toEqual(NONE);
  });
});
