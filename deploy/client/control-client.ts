/** Sends the requests of the commands to the deployer through its control socket. */
import { randomUUID } from 'node:crypto';
import { identityHeaders } from '../http/request-headers';
import type { ClonePlace } from '../home/clone-place';
import type { ControlRequest } from '../http/control-api';
import { KnownError, asKnown } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import type { Deployment, OperatorRequest } from '../core/deployment';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { sendHttp } from '../os/http';
import { machineMs } from '../os/machine-clock';

const TIMEOUT_MS = 5000;
const RESTART = 'It runs another version. Restart it: npm stop && npm start';

export interface ControlContext {
  home: Pick<Home, 'socket'>;
  /** Looks up a request whose response was lost. */
  journal: Pick<Journal, 'cancel'>;
}

interface Answer {
  status: number;
  text: string;
}

/** Queues a deployment. Throws E_DEPLOYER_DOWN, or the deployer's error. */
export function requestDeployment(deployer: ControlContext, request: ControlRequest): Promise<Deployment> {
  return post(deployer, '/deployments', request);
}

/**
 * Sends an operator request for a deployment; without an id, for the active one. Throws E_DEPLOYER_DOWN,
 * E_NOT_HOLDING, E_NOTHING_TO_ABORT.
 */
export function requestOperation(
  deployer: ControlContext,
  request: OperatorRequest,
  id: number | null,
): Promise<Deployment> {
  return post(deployer, '/operations', { request, id });
}

async function post({ home, journal }: ControlContext, path: string, body: object): Promise<Deployment> {
  const asked = { id: randomUUID(), deadline: machineMs() + TIMEOUT_MS };
  const answer = await ask(home.socket, 'POST', path, JSON.stringify(body), identityHeaders(asked)).catch(
    (error: unknown) => asKnown(error),
  );
  if (answer instanceof KnownError) return carriedOut(journal, asked.id, answer);
  if (answer.status === 202) return JSON.parse(answer.text) as Deployment;
  throw refusal(answer.text);
}

/**
 * Handles a lost response: the deployer may have carried out the request, or may still read it. Looks the request up in
 * the journal and, if it is missing, withdraws it there. Throws the original error if it was withdrawn.
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
    throw new KnownError('E_DEPLOYER_DOWN', unknown, 'Check whether it did: ./switchyard history');
  }
  if (found) return found;
  throw new KnownError(why.code, `${why.message} This request was withdrawn.`, why.hint);
}

/** The deployer's error. A deployer of another version may send an unknown format. */
function refusal(text: string): KnownError {
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string; hint: string } };
    return new KnownError(error.code, error.message, error.hint);
  } catch {
    return new KnownError('E_DEPLOYER_DOWN', 'The deployer does not understand this command.', RESTART);
  }
}

export interface DeployerInfo {
  /** The deployer's build of the kit. */
  build: string;
  /** A hash of its loaded configuration; missing from an older build. */
  config?: string;
  /** The clone that it runs from; missing from an older build. */
  clone?: ClonePlace;
}

/** The versions that the running deployer has loaded; null if it does not respond. */
export async function deployerInfo(home: Pick<Home, 'socket'>): Promise<DeployerInfo | null> {
  try {
    const { status, text } = await ask(home.socket, 'GET', '/health', '');
    return status === 200 ? (JSON.parse(text) as DeployerInfo) : null;
  } catch {
    return null;
  }
}

/** The running deployer's build of the kit; null if it does not respond. */
export async function deployerBuild(home: Pick<Home, 'socket'>): Promise<string | null> {
  return (await deployerInfo(home))?.build ?? null;
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  body: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...more };
  const request = { to: { socketPath }, method, path, headers, body, timeoutMs: TIMEOUT_MS };
  const response = await sendHttp(request).catch(() => null);
  if (!response?.complete) throw new KnownError('E_DEPLOYER_DOWN', 'The deployer does not answer.');
  return { status: response.status, text: response.body.toString('utf8') };
}
