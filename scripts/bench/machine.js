// @ts-check
/** What a run was measured on. */
'use strict';
const fs = require('fs');
const os = require('os');
const { findProgram, output } = require('./processes');

/** @returns {Promise<Record<string, string>>} */
async function machine() {
  const cpus = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    'disk of the homes': diskOf(os.tmpdir()),
    system: `${systemName()}, Linux ${os.release()}`,
    Node: process.version,
    npm: (await output('npm', ['--version'])).trim().split('\n').pop() ?? '',
    git: (await output('git', ['--version'])).trim().replace('git version ', ''),
    Docker: await dockerVersion(),
    'load before the run': (os.loadavg()[0] ?? 0).toFixed(2),
  };
}

function systemName() {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

/** @param {string} dir */
function diskOf(dir) {
  const mounts = fs
    .readFileSync('/proc/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const holding = mounts.filter(([, at = '']) => dir === at || dir.startsWith(at === '/' ? at : `${at}/`));
  holding.sort((a, b) => (b[1] ?? '').length - (a[1] ?? '').length);
  return holding[0]?.[2] ?? 'unknown';
}

async function dockerVersion() {
  if (findProgram('docker') === null) return 'none';
  return output('docker', ['version', '--format', '{{.Server.Version}}']).then(
    (text) => text.trim(),
    () => 'no engine answers',
  );
}

module.exports = { machine };
