import type { InstalledPackage, LockedPackage } from '../../../deploy/core/missing-packages';
import { missingPackages } from '../../../deploy/core/missing-packages';

const PLATFORM = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const PLACE = 'node_modules/a';

function lacking(
  wanted: LockedPackage,
  present: InstalledPackage | null,
  { place = PLACE, recorded = false } = {},
): ReturnType<typeof missingPackages> {
  return missingPackages(
    { '': {}, [place]: wanted },
    { at: (at) => (at === place ? present : null), isRecorded: () => recorded, platform: PLATFORM },
  );
}

const of = (version: string, name = 'a'): InstalledPackage => ({ manifest: { name, version } });
const NONE = { required: [], optional: [] };
const REQUIRED = { required: [PLACE], optional: [] };
const OPTIONAL = { required: [], optional: [PLACE] };

describe('an installed package', () => {
  it.each<[string, LockedPackage, InstalledPackage]>([
    ['in the locked version', { version: '1.0.0' }, of('1.0.0')],
    ['in a looser spelling of that version', { version: '1.2.0-beta' }, of('v1.02.0beta+7')],
    ['under an alias', { name: 'b', version: '1.0.0' }, of('1.0.0', 'b')],
    ['from git, without a version', {}, { manifest: {} }],
    ['as a link that the lockfile names', { link: true }, 'link'],
  ])('is accepted %s', (_how, wanted, present) => {
    expect(lacking(wanted, present)).toEqual(NONE);
  });

  it.each<[string, LockedPackage, InstalledPackage]>([
    ['has another version', { version: '1.0.0' }, of('1.0.1')],
    ['is another package', { version: '1.0.0' }, of('1.0.0', 'b')],
    ['has no package.json', { version: '1.0.0' }, { manifest: null }],
    ['has an empty package.json', { version: '1.0.0' }, { manifest: {} }],
    ['is a link instead of a folder', { version: '1.0.0' }, 'link'],
    ['is a folder instead of a link', { link: true }, of('1.0.0')],
    ['is optional and half installed', { version: '1.0.0', optional: true }, { manifest: null }],
  ])('counts as missing when it %s', (_how, wanted, present) => {
    expect(lacking(wanted, present)).toEqual(REQUIRED);
  });
});

describe('an absent package', () => {
  it.each<[string, LockedPackage]>([
    ['a plain dependency', { version: '1.0.0' }],
    ['built for another platform but not optional', { version: '1.0.0', os: ['win32'], cpu: ['x64'] }],
    ['a link', { link: true }],
  ])('counts as missing when it is %s', (_which, wanted) => {
    expect(lacking(wanted, null)).toEqual(REQUIRED);
  });

  it.each<[string, LockedPackage]>([
    ['is optional', { optional: true }],
    ['is optional and names one other system', { optional: true, os: 'darwin', cpu: ['x64'] }],
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

  it('is worth a second install when it is optional and built for this platform', () => {
    const wanted = { optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] };
    expect(lacking(wanted, null)).toEqual(OPTIONAL);
  });

  it('counts as missing, optional or not, when npm recorded it as installed', () => {
    expect(lacking({ optional: true }, null, { recorded: true })).toEqual(REQUIRED);
    expect(lacking({ peer: true }, null, { recorded: true })).toEqual(REQUIRED);
  });

  it('counts as missing below another package or a workspace too', () => {
    for (const place of ['node_modules/b/node_modules/a', 'packages/c/node_modules/a'])
      expect(lacking({ version: '1.0.0' }, null, { place })).toEqual({ required: [place], optional: [] });
  });

  it('is ignored when it is a workspace, which the commit itself contains', () => {
    expect(lacking({ version: '1.0.0' }, null, { place: 'packages/a' })).toEqual(NONE);
  });
});
