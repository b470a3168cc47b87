// @ts-check
/** Which slots' processes listen, as the system sees it. */
'use strict';
const fs = require('fs');

/** As the kernel writes it. */
const LISTEN = '0A';

/** @param {Record<string, number>} ports by slot @returns {string[]} the slots */
function listeningSlots(ports) {
  const found = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningPorts(read(file))));
  return Object.keys(ports).filter((slot) => found.has(ports[slot] ?? 0));
}

/** Pure. @param {string} table as in /proc/net/tcp @returns {number[]} */
function listeningPorts(table) {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === LISTEN ? [parseInt(local.split(':').pop() ?? '', 16)] : [];
  });
}

/** Empty on a system without IPv6. @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

module.exports = { listeningSlots, listeningPorts };
