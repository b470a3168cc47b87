/** How many clients a slot still has: what the drain waits for. */
import { tcpSockets } from './tcp-sockets';

/** Established connections whose server side is this port. Those that wait to be accepted count too. */
export function establishedConnections(port: number): number {
  return tcpSockets().filter((socket) => socket.localPort === port && socket.state === 'established').length;
}

/** The clients connected to this port, each by its own end of the connection. */
export function clientsOf(port: number): Set<string> {
  const connected = tcpSockets().filter(
    (socket) => socket.localPort === port && socket.state === 'established',
  );
  return new Set(connected.map(({ remote }) => remote));
}
