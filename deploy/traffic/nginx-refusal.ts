/** Explains in one sentence why nginx refused its configuration or did not start. */
import { KnownError } from '../core/errors';
import { portInUse, portInUseMessage } from '../os/port-holder';

/**
 * The error for an nginx that refuses its configuration or does not start.
 * @param what the failure, as in `does not start`
 */
export function refusal(stderr: string, port: number, what: string): KnownError {
  // another process took the port after the check
  if (stderr.includes('Address already in use')) return portClash(port);
  const message = `nginx ${what}: ${complaint(stderr)}`;
  if (!/bind\(\) .*Permission denied/.test(stderr)) return new KnownError('E_NGINX', message);
  const free = `HTTP_PORT=${freePortAfter(FIRST_FREE_FOR_ALL)} npm start`;
  return new KnownError('E_NGINX', message, `Ports below 1024 are for root; take another: ${free}`);
}

export function portClash(port: number): KnownError {
  return new KnownError(
    'E_PORT_IN_USE',
    portInUseMessage(port),
    `Free it, or take another: HTTP_PORT=${freePortAfter(port)} npm start`,
  );
}

/** The next free port, so that the suggested command works. */
function freePortAfter(port: number): number {
  let free = port + 1;
  while (portInUse(free)) free += 1;
  return free;
}

/** The line of nginx's output that gives the reason, without the warnings around it. */
export function complaint(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => text.includes('[emerg]')) ?? lines.at(-1) ?? 'it gave no reason';
  return line.replace(/^nginx: (\[emerg\] )?/, '');
}

/** The search for a port that does not need root starts after this one. */
const FIRST_FREE_FOR_ALL = 7999;
