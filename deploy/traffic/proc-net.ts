/** The kernel's list of TCP sockets: /proc/net/tcp and tcp6, read without starting a program. */
import { readFileSync } from 'node:fs';

export interface TcpSocket {
  localPort: number;
  state: 'established' | 'listening' | 'other';
  /** What /proc/<pid>/fd calls it: `socket:[inode]`. */
  inode: string;
}

/** Every TCP socket of this network namespace. */
export function tcpSockets(): TcpSocket[] {
  return [...rowsOf('/proc/net/tcp'), ...rowsOf('/proc/net/tcp6')]
    .map(parseRow)
    .filter((row) => row !== null);
}

/** One row of the table; null for what is not a row. */
export function parseRow(row: string): TcpSocket | null {
  // sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
  const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
  const port = local?.split(':')[1];
  if (!port || !state || !inode) return null;
  return { localPort: parseInt(port, 16), state: stateOf(state), inode };
}

function stateOf(code: string): TcpSocket['state'] {
  if (code === '01') return 'established';
  return code === '0A' ? 'listening' : 'other';
}

/** Without the heading. A machine without IPv6 has no tcp6. */
function rowsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  } catch {
    return [];
  }
}
