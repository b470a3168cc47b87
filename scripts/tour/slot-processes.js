// @ts-check
/** Which slots' processes listen, and how much memory they have, as the system sees it. */
'use strict';
const fs = require('fs');

/** As the kernel writes it. */
const LISTEN = '0A';
const KILOBYTE = 1024;

class SlotProcesses {
  /** @param {Record<string, number>} ports by slot */
  constructor(ports) {
    this.ports = ports;
    /** @type {Map<number, string>} process by port, as far as they were found */
    this.found = new Map();
  }

  /** @returns {{ running: string[], memory: number }} the slots that listen, and the resident bytes of them all */
  look() {
    const listening = new Set(
      ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningPorts(read(file))),
    );
    const running = Object.entries(this.ports).filter(([, port]) => listening.has(port));
    if (running.some(([, port]) => this.memoryOf(port) === null)) this.find();
    return {
      running: running.map(([slot]) => slot),
      memory: running.reduce((sum, [, port]) => sum + (this.memoryOf(port) ?? 0), 0),
    };
  }

  /** Null for a process that is not there, or not there any more. @param {number} port */
  memoryOf(port) {
    return residentBytes(read(`/proc/${this.found.get(port) ?? 'none'}/status`));
  }

  /** A slot's process has the slot's port in its environment. */
  find() {
    const ports = Object.values(this.ports);
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const port = portIn(read(`/proc/${pid}/environ`));
      if (ports.includes(port)) this.found.set(port, pid);
    }
  }
}

/** Pure. @param {string} table as in /proc/net/tcp @returns {number[]} */
function listeningPorts(table) {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === LISTEN ? [parseInt(local.split(':').pop() ?? '', 16)] : [];
  });
}

/** Pure; null when it has none. @param {string} status as in /proc/<pid>/status */
function residentBytes(status) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * KILOBYTE;
}

/** @param {string} environment as in /proc/<pid>/environ */
function portIn(environment) {
  const [, port] = /(?:^|\0)PORT=(\d+)/.exec(environment) ?? [];
  return Number(port);
}

/** Empty for what is not there: IPv6 on some systems, a process that has ended. @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

module.exports = { SlotProcesses, listeningPorts, residentBytes };
