import { decide, type Installed, type Package } from '../../../scripts/lib/lockfile';

const express: Package = { version: '5.1.0', integrity: 'sha512-a' };
const binary: Package = { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] };

/** A clone whose node_modules is just what its lockfile says. */
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

describe('packages that are those of the lockfile', () => {
  it('are left alone', () => {
    expect(decide(upToDate())).toEqual({ do: 'nothing' });
  });

  it('may lack what is for another system, processor or C library', () => {
    for (const other of [{ os: ['darwin'] }, { cpu: ['arm64'] }, { libc: ['musl'] }]) {
      expect(decide(locked('binary', { ...binary, ...other }))).toEqual({ do: 'nothing' });
    }
  });

  it('may lack an optional package that names no machine', () => {
    expect(decide(locked('extra', { version: '1.0.0', optional: true }))).toEqual({ do: 'nothing' });
  });

  it('may have more than the lockfile, such as a linked package', () => {
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

  it('the same version has other content', () => {
    const other = { packages: { 'node_modules/express': { ...express, integrity: 'sha512-b' } } };
    expect(decide(upToDate({ hidden: other }))).toMatchObject({ do: 'install' });
  });

  it('the folder of one was removed', () => {
    expect(decide(upToDate({ absent: ['node_modules/express'] }))).toMatchObject({ do: 'install' });
  });

  it('the binary for this machine is missing: node_modules came from another machine', () => {
    expect(decide(locked('binary', binary))).toMatchObject({ do: 'install', why: 'binary changed' });
    expect(decide(locked('binary', { ...binary, os: ['!win32'] }))).toMatchObject({ do: 'install' });
  });

  it('an installation was cut short', () => {
    expect(decide(upToDate({ hidden: null }))).toMatchObject({
      do: 'install',
      why: 'node_modules is incomplete',
    });
  });
});

describe('nothing of a person is destroyed', () => {
  it('when node_modules is a link to a folder elsewhere', () => {
    const decision = decide(upToDate({ hidden: newer, isLink: true }));
    expect(decision).toMatchObject({ do: 'refuse', why: expect.stringContaining('symbolic link') as string });
  });

  it('when pnpm or Yarn made node_modules', () => {
    const decision = decide(upToDate({ hidden: null, otherManager: 'pnpm' }));
    expect(decision).toMatchObject({ do: 'refuse', why: 'node_modules was made by pnpm, not by npm.' });
  });

  it('when a package was linked in, in the place of ours or beside it', () => {
    const beside = { packages: { ...newer.packages, 'node_modules/mine': { link: true } } };
    expect(decide(upToDate({ hidden: beside }))).toMatchObject({
      do: 'refuse',
      why: 'npm ci would remove what you linked into node_modules: mine.',
    });
    const instead = upToDate({ hidden: newer, links: ['node_modules/express'] });
    expect(decide(instead)).toMatchObject({ do: 'refuse' });
  });

  it('but a link that the lockfile itself wants is none of theirs', () => {
    const installed = locked('workspace', { link: true });
    expect(decide({ ...installed, hidden: newer, links: ['node_modules/workspace'] })).toMatchObject({
      do: 'install',
    });
  });
});

describe('a package.json that was edited by hand', () => {
  const manifest = { dependencies: { express: '^5.0.0', lodash: '^4.0.0' } };

  it('starts with what is installed, and is told', () => {
    expect(decide(upToDate({ manifest }))).toEqual({
      do: 'keep',
      why: 'package.json and package-lock.json do not agree on lodash.',
      hint: 'Bring them together: npm install',
    });
  });

  it('stops when something is missing, because npm ci would refuse it', () => {
    expect(decide(upToDate({ manifest, hidden: newer }))).toMatchObject({ do: 'refuse' });
  });

  it('counts a dependency that was removed', () => {
    expect(decide(upToDate({ manifest: {} }))).toMatchObject({ do: 'keep' });
  });
});

it('a clone without a lockfile is told to make one', () => {
  expect(decide(upToDate({ lock: null }))).toMatchObject({ do: 'refuse', hint: 'Make it: npm install' });
});
