/** What a release was built with, and whether its files still suit this machine. Pure. */

export interface BuildEnvironment {
  /** `process.version`: v24.1.0. */
  node: string;
  /** `process.versions.modules`: compiled addons load into this ABI only. */
  abi?: string;
  platform?: string;
  arch?: string;
  libc?: 'glibc' | 'musl';
  /** With its version: npm@11.6.1. */
  packageManager?: string;
}

/**
 * One clause that says why files built there do not suit the present environment; null when they do. A manifest of an
 * older Switchyard has Node's version alone: each major version has an ABI of its own.
 */
export function whyForeign(built: BuildEnvironment, present: BuildEnvironment): string | null {
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

/** What is not known on one side says nothing. */
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
