/** Asks the deployer through its control socket. */
import http from 'node:http';
import type { ControlRequest } from './control';
import { KnownError } from './core/errors';
import type { ErrorCode } from './core/errors';
import type { Deployment, Wish } from './core/types';
import type { Home } from './home';

const TIMEOUT_MS = 5000;
const RESTART = 'It is of another version; start it again: npm stop && npm start';

interface Answer {
  status: number;
  text: string;
}

/** Puts a deployment into the queue. Throws E_DEPLOYER_DOWN, or what the deployer refuses with. */
export function requestDeployment(home: Pick<Home, 'socket'>, request: ControlRequest): Promise<Deployment> {
  return post(home, '/deployments', request);
}

/**
 * Tells the deployer what a person wants of a deployment, of that at work where no id is given. Throws E_DEPLOYER_DOWN,
 * E_NOT_HOLDING, E_NOTHING_TO_ABORT.
 */
export function wishFor(home: Pick<Home, 'socket'>, wish: Wish, id: number | null): Promise<Deployment> {
  return post(home, '/wishes', { wish, id });
}

async function post(home: Pick<Home, 'socket'>, path: string, body: object): Promise<Deployment> {
  const { status, text } = await ask(home.socket, 'POST', path, JSON.stringify(body));
  if (status === 202) return JSON.parse(text) as Deployment;
  throw refusal(text);
}

/** Another version's deployer may answer with what we do not know. */
function refusal(text: string): KnownError {
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string; hint: string } };
    return new KnownError(error.code, error.message, error.hint);
  } catch {
    return new KnownError('E_DEPLOYER_DOWN', 'The deployer does not understand this command.', RESTART);
  }
}

/** The build of the kit that the running deployer is of; null when none answers. */
export async function deployerBuild(home: Pick<Home, 'socket'>): Promise<string | null> {
  try {
    const { status, text } = await ask(home.socket, 'GET', '/health', '');
    return status === 200 ? (JSON.parse(text) as { build: string }).build : null;
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
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', down);
    request.end(text);
  });
}
