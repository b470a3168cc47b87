/** Counts a slot's client connections, for the drain. */
import { tcpSockets } from './tcp-sockets';

/** Established connections to this local port, including those not yet accepted. */
export function establishedConnections(port: number): number {
  return tcpSockets().filter((socket) => socket.localPort === port && socket.state === 'established').length;
}

/** The clients connected to this port, each identified by its end of the connection. */
export function clientsOf(port: number): Set<string> {
  const connected = tcpSockets().filter(
    (socket) => socket.localPort === port && socket.state === 'established',
  );
  return new Set(connected.map(({ remote }) => remote));
}
