/** Reads the kernel's list of TCP sockets from /proc/net/tcp and tcp6, without starting a program. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface TcpSocket {
  localPort: number;
  /** The remote end in the kernel's notation: unique among the connections to one port. */
  remote: string;
  state: 'established' | 'listening' | 'other';
  /** The user that opened it. */
  uid: number;
  /** Whether it gets connections to 127.0.0.1, according to its address. */
  isLocal: boolean;
  /** In /proc/<pid>/fd it is `socket:[inode]`. */
  inode: string;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** 127.0.0.1 and the wildcard addresses, in the notation of both tables. */
const LOCAL = /^(0100007F|0{8}|0{32}|0{16}FFFF00000100007F)$/;
/** At most one row per read: the length of a row in /proc/net/tcp, and less than two rows in either file. */
const ROW_BYTES = 150;

/** Every TCP socket of this network namespace. */
export function tcpSockets(): TcpSocket[] {
  return TABLES.flatMap(rowsOf)
    .map(parseRow)
    .filter((row) => row !== null);
}

/**
 * The listening sockets. The kernel lists them first; to find others it scans a table of several hundred thousand
 * entries, which takes milliseconds, so reading stops at the first socket of another state.
 */
export function listeningSockets(): TcpSocket[] {
  return TABLES.flatMap((file) => [...firstListening(file)]);
}

/** Parses one row of the table; null if it is not a row. */
export function parseRow(row: string): TcpSocket | null {
  // sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
  const [, local, remote, state, , , , uid, , inode] = row.trim().split(/\s+/);
  const [address = '', port] = local?.split(':') ?? [];
  if (!port || !remote || !state || !inode) return null;
  return {
    localPort: parseInt(port, 16),
    remote,
    state: stateOf(state),
    uid: Number(uid),
    isLocal: LOCAL.test(address),
    inode,
  };
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
    let partial = '';
    for (let length = readSync(table, some); length > 0; length = readSync(table, some)) {
      const rows = (partial + some.toString('latin1', 0, length)).split('\n');
      partial = rows.pop() ?? '';
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
