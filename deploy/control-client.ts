/** Asks the deployer through its control socket. */
import http from 'node:http';
import type { ControlRequest } from './control';
import { KnownError } from './core/errors';
import type { ErrorCode } from './core/errors';
import type { Deployment } from './core/types';
import type { Home } from './home';

const TIMEOUT_MS = 5000;

interface Answer {
  status: number;
  body: unknown;
}

/** Puts a deployment into the queue. Throws E_DEPLOYER_DOWN, or what the deployer refuses with. */
export async function requestDeployment(
  home: Pick<Home, 'socket'>,
  request: ControlRequest,
): Promise<Deployment> {
  const { status, body } = await ask(home.socket, 'POST', '/deployments', JSON.stringify(request));
  if (status === 202) return body as Deployment;
  const { code, message, hint } = (body as { error: { code: ErrorCode; message: string; hint: string } })
    .error;
  throw new KnownError(code, message, hint);
}

/** The build of the kit that the running deployer is of; null when none answers. */
export async function deployerBuild(home: Pick<Home, 'socket'>): Promise<string | null> {
  try {
    const { status, body } = await ask(home.socket, 'GET', '/health', '');
    return status === 200 ? (body as { build: string }).build : null;
  } catch {
    return null;
  }
}

function ask(socketPath: string, method: string, path: string, text: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const down = (): void => reject(new KnownError('E_DEPLOYER_DOWN', 'The deployer does not answer.'));
    const options = { socketPath, path, method, headers, timeout: TIMEOUT_MS };
    const request = http.request(options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', down);
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', down);
    request.end(text);
  });
}
