/** Asks the deployer through its control socket. */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { askedHeaders } from '../http/request-headers';
import type { ClonePlace } from '../home/clone-place';
import type { ControlRequest } from '../http/control-api';
import { KnownError, asKnown } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import type { Deployment, OperatorRequest } from '../core/deployment';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { machineMs } from '../os/machine-clock';

const TIMEOUT_MS = 5000;
const RESTART = 'It is of another version; start it again: npm stop && npm start';

export interface ControlContext {
  home: Pick<Home, 'socket'>;
  /** Where a request whose answer was lost is looked up. */
  journal: Pick<Journal, 'cancel'>;
}

interface Answer {
  status: number;
  text: string;
}

/** Puts a deployment into the queue. Throws E_DEPLOYER_DOWN, or what the deployer refuses with. */
export function requestDeployment(desk: ControlContext, request: ControlRequest): Promise<Deployment> {
  return post(desk, '/deployments', request);
}

/**
 * Tells the deployer what a person wants of a deployment, of that at work where no id is given. Throws E_DEPLOYER_DOWN,
 * E_NOT_HOLDING, E_NOTHING_TO_ABORT.
 */
export function requestOperation(
  desk: ControlContext,
  wish: OperatorRequest,
  id: number | null,
): Promise<Deployment> {
  return post(desk, '/wishes', { wish, id });
}

async function post({ home, journal }: ControlContext, path: string, body: object): Promise<Deployment> {
  const asked = { id: randomUUID(), deadline: machineMs() + TIMEOUT_MS };
  const answer = await ask(home.socket, 'POST', path, JSON.stringify(body), askedHeaders(asked)).catch(
    (error: unknown) => asKnown(error),
  );
  if (answer instanceof KnownError) return carriedOut(journal, asked.id, answer);
  if (answer.status === 202) return JSON.parse(answer.text) as Deployment;
  throw refusal(answer.text);
}

/**
 * The deployer may have carried out a request whose answer was lost, or may read it later. The journal decides: there
 * the request is either found or withdrawn. Throws why it failed.
 */
async function carriedOut(
  journal: ControlContext['journal'],
  id: string,
  why: KnownError,
): Promise<Deployment> {
  let found: Deployment | null;
  try {
    found = await journal.cancel(id);
  } catch {
    const unknown = 'The deployer does not answer, and may still carry out this request.';
    throw new KnownError('E_DEPLOYER_DOWN', unknown, 'See whether it did: npm run -s history');
  }
  if (found) return found;
  throw new KnownError(why.code, `${why.message} This request was withdrawn.`, why.hint);
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

export interface DeployerLoaded {
  /** The build of the kit that it is of. */
  build: string;
  /** The configuration that it has read; one of an older build does not say. */
  config?: string;
  /** The clone it runs from; one of an older build does not say. */
  clone?: ClonePlace;
}

/** What the running deployer was started with; null when none answers. */
export async function deployerLoaded(home: Pick<Home, 'socket'>): Promise<DeployerLoaded | null> {
  try {
    const { status, text } = await ask(home.socket, 'GET', '/health', '');
    return status === 200 ? (JSON.parse(text) as DeployerLoaded) : null;
  } catch {
    return null;
  }
}

/** The build of the kit that the running deployer is of; null when none answers. */
export async function deployerBuild(home: Pick<Home, 'socket'>): Promise<string | null> {
  return (await deployerLoaded(home))?.build ?? null;
}

function ask(
  socketPath: string,
  method: string,
  path: string,
  text: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const length = Buffer.byteLength(text);
  const headers = { 'content-type': 'application/json', 'content-length': length, ...more };
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
