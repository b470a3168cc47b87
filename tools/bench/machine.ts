/** Describes the machine of a run. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { findProgram, output } from './processes';

export async function machine(): Promise<Record<string, string>> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    'disk of the homes': fileSystemOf(tmpdir()),
    system: `${distribution()}, Linux ${release()}`,
    Node: process.version,
    npm: (await output('npm', ['--version'])).trim().split('\n').at(-1) ?? '',
    git: (await output('git', ['--version'])).trim().replace('git version ', ''),
    Docker: await dockerVersion(),
    'load before the run': (loadavg()[0] ?? 0).toFixed(2),
  };
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

function fileSystemOf(dir: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const holding = mounts.filter(([, at = '']) => dir === at || dir.startsWith(at === '/' ? at : `${at}/`));
  holding.sort((a, b) => (b[1] ?? '').length - (a[1] ?? '').length);
  return holding[0]?.[2] ?? 'unknown';
}

async function dockerVersion(): Promise<string> {
  if (findProgram('docker') === null) return 'none';
  return output('docker', ['version', '--format', '{{.Server.Version}}']).then(
    (text) => text.trim(),
    () => 'no engine is running',
  );
}
