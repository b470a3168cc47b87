/** Asks the deployer through its control socket. */
import http from 'node:http';
import type { ControlRequest } from './control';
import { KnownError } from './core/errors';
import type { ErrorCode } from './core/errors';
import type { Deployment } from './core/types';
import type { Home } from './home';

const TIMEOUT_MS = 5000;

/** Puts a deployment into the queue. Throws E_DEPLOYER_DOWN, or what the deployer refuses with. */
export async function requestDeployment(
  home: Pick<Home, 'socket'>,
  request: ControlRequest,
): Promise<Deployment> {
  const { status, body } = await post(home.socket, '/deployments', request);
  if (status === 202) return body as Deployment;
  const { code, message, hint } = (body as { error: { code: ErrorCode; message: string; hint: string } })
    .error;
  throw new KnownError(code, message, hint);
}

function post(socketPath: string, path: string, value: unknown): Promise<{ status: number; body: unknown }> {
  const text = JSON.stringify(value);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const down = (): void => reject(new KnownError('E_DEPLOYER_DOWN', 'The deployer does not answer.'));
    const request = http.request(
      { socketPath, path, method: 'POST', headers, timeout: TIMEOUT_MS },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', down);
        response.on('end', () => {
          const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
          resolve({ status: response.statusCode ?? 0, body });
        });
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', down);
    request.end(text);
  });
}
