/** The kernel's list of TCP sockets: /proc/net/tcp and tcp6, read without starting a program. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface TcpSocket {
  localPort: number;
  /** The other end, as the kernel writes it: unique among the connections to one port. */
  remote: string;
  state: 'established' | 'listening' | 'other';
  /** What /proc/<pid>/fd calls it: `socket:[inode]`. */
  inode: string;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** No more than one row at a time: so many bytes has one of /proc/net/tcp, and more than one of none. */
const ROW_BYTES = 150;

/** Every TCP socket of this network namespace. */
export function tcpSockets(): TcpSocket[] {
  return TABLES.flatMap(rowsOf)
    .map(parseRow)
    .filter((row) => row !== null);
}

/**
 * Those that listen. The kernel lists them first; to find the others it walks through a table with room for some
 * hundred thousand, which takes it several milliseconds, so it is not asked for more.
 */
export function listeningSockets(): TcpSocket[] {
  return TABLES.flatMap((file) => [...firstListening(file)]);
}

/** One row of the table; null for what is not a row. */
export function parseRow(row: string): TcpSocket | null {
  // sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
  const [, local, remote, state, , , , , , inode] = row.trim().split(/\s+/);
  const port = local?.split(':')[1];
  if (!port || !remote || !state || !inode) return null;
  return { localPort: parseInt(port, 16), remote, state: stateOf(state), inode };
}

function stateOf(code: string): TcpSocket['state'] {
  if (code === '01') return 'established';
  return code === '0A' ? 'listening' : 'other';
}

function* firstListening(file: string): Generator<TcpSocket> {
  for (const row of rowByRow(file)) {
    const socket = parseRow(row);
    if (socket && socket.state !== 'listening') return;
    if (socket) yield socket;
  }
}

function* rowByRow(file: string): Generator<string> {
  let table: number;
  try {
    table = openSync(file, 'r');
  } catch {
    return; // a machine without IPv6 has no tcp6
  }
  try {
    const some = Buffer.alloc(ROW_BYTES);
    let begun = '';
    for (let length = readSync(table, some); length > 0; length = readSync(table, some)) {
      const rows = (begun + some.toString('latin1', 0, length)).split('\n');
      begun = rows.pop() ?? '';
      yield* rows;
    }
  } finally {
    closeSync(table);
  }
}

/** Without the heading. A machine without IPv6 has no tcp6. */
function rowsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  } catch {
    return [];
  }
}
