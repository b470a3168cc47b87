/** The environment that built a release, and whether its files still work on this machine. Pure. */

export interface BuildEnvironment {
  /** `process.version`: v24.1.0. */
  node: string;
  /** `process.versions.modules`: a compiled addon loads only into this ABI. */
  abi?: string;
  platform?: string;
  arch?: string;
  libc?: 'glibc' | 'musl';
  /** Includes the version: npm@11.6.1. */
  packageManager?: string;
}

/**
 * Explains in one clause why files from `built` do not work in `present`; null if they do. Manifests from older
 * Switchyard versions record only the Node version, and each Node major version has its own ABI.
 */
export function whyIncompatible(built: BuildEnvironment, present: BuildEnvironment): string | null {
  if (differ(built.abi ?? major(built.node), built.abi ? present.abi : major(present.node)))
    return `built with ${nodeInWords(built)}, and this is ${nodeInWords(present)}`;
  const machine = [machineOf(built), machineOf(present)];
  if (differ(built.platform, present.platform) || differ(built.arch, present.arch))
    return `built for ${machine[0]}, and this is ${machine[1]}`;
  if (differ(built.libc, present.libc))
    return `built for ${built.libc}, and this machine has ${present.libc}`;
  // minor versions of a package manager install the same files
  if (differ(managerOf(built), managerOf(present)))
    return `its packages were installed by ${built.packageManager}, and this is ${present.packageManager}`;
  return null;
}

/** Node 20 (ABI 115). */
export function nodeInWords({ node, abi }: BuildEnvironment): string {
  return `Node ${major(node)}${abi ? ` (ABI ${abi})` : ''}`;
}

/** An unknown value on either side never counts as a difference. */
function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function machineOf({ platform, arch }: BuildEnvironment): string {
  return `${platform ?? 'linux'} on ${arch ?? 'another processor'}`;
}

function major(version: string): string {
  return version.replace(/^v/, '').split('.')[0] ?? '';
}

function managerOf({ packageManager }: BuildEnvironment): string | undefined {
  return packageManager?.split('.')[0];
}
