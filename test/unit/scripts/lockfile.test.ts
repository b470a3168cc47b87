import { decide, type Installed, type Package } from '../../../scripts/lib/lockfile';

const express: Package = { version: '5.1.0', integrity: 'sha512-a' };
const binary: Package = { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] };

/** A clone whose node_modules matches its lockfile, with these changes. */
function upToDate(changes: Partial<Installed> = {}): Installed {
  return {
    manifest: { dependencies: { express: '^5.0.0' } },
    lock: {
      packages: { '': { dependencies: { express: '^5.0.0' } }, 'node_modules/express': { ...express } },
    },
    hidden: { packages: { 'node_modules/express': { ...express } } },
    present: true,
    isLink: false,
    absent: [],
    links: [],
    otherManager: null,
    machine: { os: 'linux', cpu: 'x64', libc: 'glibc' },
    ...changes,
  };
}

function locked(name: string, entry: Package): Installed {
  const installed = upToDate();
  return {
    ...installed,
    lock: { packages: { ...installed.lock?.packages, [`node_modules/${name}`]: entry } },
  };
}

const newer = { packages: { 'node_modules/express': { version: '4.0.0', integrity: 'sha512-old' } } };

describe('packages that match the lockfile', () => {
  it('are left alone', () => {
    expect(decide(upToDate())).toEqual({ do: 'nothing' });
  });

  it('may lack one for another system, processor or C library', () => {
    for (const other of [{ os: ['darwin'] }, { cpu: ['arm64'] }, { libc: ['musl'] }]) {
      expect(decide(locked('binary', { ...binary, ...other }))).toEqual({ do: 'nothing' });
    }
  });

  it('may lack an optional one for any machine', () => {
    expect(decide(locked('extra', { version: '1.0.0', optional: true }))).toEqual({ do: 'nothing' });
  });

  it('may include more than the lockfile, such as a linked one', () => {
    const linked = { packages: { 'node_modules/express': express, 'node_modules/mine': { link: true } } };
    expect(decide(upToDate({ hidden: linked }))).toEqual({ do: 'nothing' });
  });
});

describe('packages are installed when', () => {
  it('there are none', () => {
    expect(decide(upToDate({ present: false, hidden: null }))).toMatchObject({
      do: 'install',
      why: 'first start',
    });
  });

  it('the lockfile has another version', () => {
    expect(decide(upToDate({ hidden: newer }))).toMatchObject({ do: 'install', why: 'express changed' });
  });

  it('the same version has different content', () => {
    const other = { packages: { 'node_modules/express': { ...express, integrity: 'sha512-b' } } };
    expect(decide(upToDate({ hidden: other }))).toMatchObject({ do: 'install' });
  });

  it('the folder of one is missing', () => {
    expect(decide(upToDate({ absent: ['node_modules/express'] }))).toMatchObject({ do: 'install' });
  });

  it('the binary for this machine is missing, as in node_modules of another machine', () => {
    expect(decide(locked('binary', binary))).toMatchObject({ do: 'install', why: 'binary changed' });
    expect(decide(locked('binary', { ...binary, os: ['!win32'] }))).toMatchObject({ do: 'install' });
  });

  it('an earlier installation was interrupted', () => {
    expect(decide(upToDate({ hidden: null }))).toMatchObject({
      do: 'install',
      why: 'node_modules is incomplete',
    });
  });
});

describe('npm ci is refused because it would destroy work', () => {
  it('when node_modules is a link to a folder elsewhere', () => {
    const decision = decide(upToDate({ hidden: newer, isLink: true }));
    expect(decision).toMatchObject({ do: 'refuse', why: expect.stringContaining('symbolic link') as string });
  });

  it('when pnpm or Yarn made node_modules', () => {
    const decision = decide(upToDate({ hidden: null, otherManager: 'pnpm' }));
    expect(decision).toMatchObject({ do: 'refuse', why: 'node_modules was made by pnpm, not by npm.' });
  });

  it('when a package was linked in, instead of a locked one or beside it', () => {
    const beside = { packages: { ...newer.packages, 'node_modules/mine': { link: true } } };
    expect(decide(upToDate({ hidden: beside }))).toMatchObject({
      do: 'refuse',
      why: 'npm ci would remove what you linked into node_modules: mine.',
    });
    const instead = upToDate({ hidden: newer, links: ['node_modules/express'] });
    expect(decide(instead)).toMatchObject({ do: 'refuse' });
  });

  it('but not for a link from the lockfile itself', () => {
    const installed = locked('workspace', { link: true });
    expect(decide({ ...installed, hidden: newer, links: ['node_modules/workspace'] })).toMatchObject({
      do: 'install',
    });
  });
});

describe('a package.json that was edited by hand', () => {
  const manifest = { dependencies: { express: '^5.0.0', lodash: '^4.0.0' } };

  it('keeps the installed packages, with a hint', () => {
    expect(decide(upToDate({ manifest }))).toEqual({
      do: 'keep',
      why: 'package.json and package-lock.json do not agree on lodash.',
      hint: 'Update the lockfile: npm install',
    });
  });

  it('is refused when a package is missing, because npm ci would fail', () => {
    expect(decide(upToDate({ manifest, hidden: newer }))).toMatchObject({ do: 'refuse' });
  });

  it('also counts when a dependency was removed', () => {
    expect(decide(upToDate({ manifest: {} }))).toMatchObject({ do: 'keep' });
  });
});

it('a clone without a lockfile is refused, with a hint to create one', () => {
  expect(decide(upToDate({ lock: null }))).toMatchObject({ do: 'refuse', hint: 'Make it: npm install' });
});
