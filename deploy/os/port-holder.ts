/** Finds the processes that listen on a port. */
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { openFiles } from './open-files';
import { allPids, withDescendants } from './process-table';
import { listeningSockets, type TcpSocket } from './tcp-sockets';

export interface PortHolder {
  pid: number;
  /** The program's name: `node`, `nginx`. */
  command: string;
}

/** Whether anything on this machine listens on the port. */
export function portInUse(port: number): boolean {
  return listeningInodes(port).size > 0;
}

/**
 * Whether the port is free on every address. Binds the port instead of reading the socket list, where the kernel takes
 * milliseconds to search past the last listening socket. Reads the list only for a port that only root may bind.
 */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EACCES' ? !portInUse(port) : code !== 'EADDRINUSE'),
    );
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The process that listens on the port, the oldest if several share the socket. Null if there is none, or if it belongs
 * to another user and this process is not root, because the kernel then hides it.
 */
export function portHolder(port: number): PortHolder | null {
  return portHolders(port)[0] ?? null;
}

/** Every process that listens on the port, by pid, as far as the kernel shows them; see portHolder. */
export function portHolders(port: number): PortHolder[] {
  return holdersOf(listeningInodes(port));
}

/** The same for 127.0.0.1: another address of the machine may have the port for another program. */
export function localHolders(port: number): PortHolder[] {
  return holdersOf(localListeners(port));
}

/** The sockets that get connections to the port of 127.0.0.1. Their identities change only if other sockets listen. */
export function localListeners(port: number): Set<string> {
  return inodesOf(listeningOn(port).filter(({ isLocal }) => isLocal));
}

/**
 * Whether the port's listener is hidden by the kernel, because it belongs to another user. False while the port passes
 * from one process to the next.
 */
export function isHolderHidden(port: number, listeners = listeningInodes): boolean {
  const before = listeners(port);
  const isShown = holdersOf(before).length > 0;
  // a socket that has since been closed belonged to a process that was exiting
  return !isShown && [...listeners(port)].some((inode) => before.has(inode));
}

/** Whether a socket of another user gets connections to the port of 127.0.0.1. */
export function isHeldByAnotherUser(port: number): boolean {
  return listeningOn(port).some(({ uid, isLocal }) => isLocal && uid !== process.getuid?.());
}

function holdersOf(inodes: Set<string>): PortHolder[] {
  if (inodes.size === 0) return [];
  return allPids()
    .sort((a, b) => a - b)
    .filter((candidate) => openFiles(candidate).some((file) => inodes.has(file)))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** The port and its holder in one sentence: `Port 8000 is held by node (pid 4711).`, `Port 8000 is in use.` */
export function portInUseMessage(port: number): string {
  const holder = portHolder(port);
  return holder
    ? `Port ${port} is held by ${holder.command} (pid ${holder.pid}).`
    : `Port ${port} is in use.`;
}

/**
 * The ports that a process or its descendants listen on: a container's first process starts the app. Empty for an ended
 * process.
 */
export function listeningPorts(pid: number): number[] {
  const open = new Set(withDescendants([pid]).flatMap(openFiles));
  const ports = listeningSockets()
    .filter(({ inode }) => open.has(`socket:[${inode}]`))
    .map(({ localPort }) => localPort);
  return [...new Set(ports)];
}

function listeningInodes(port: number): Set<string> {
  return inodesOf(listeningOn(port));
}

function listeningOn(port: number): TcpSocket[] {
  return listeningSockets().filter(({ localPort }) => localPort === port);
}

function inodesOf(sockets: TcpSocket[]): Set<string> {
  return new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
}

function linkOrNothing(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ''; // already closed
  }
}

/** The binary's name. The process's own title may not help: Node 24 reports "MainThread". */
function commandOf(pid: number): string {
  const binary = linkOrNothing(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  return path.basename(binary) || 'a process that has just exited';
}
