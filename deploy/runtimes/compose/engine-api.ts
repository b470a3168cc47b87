/**
 * Talks to the Docker engine over its unix socket, because the state is read many times a second and the command line
 * takes 100 ms per call. https://docs.docker.com/reference/api/engine/
 */
import type { IncomingMessage } from 'node:http';
import { KnownError } from '../../core/errors';
import type { HttpRequest } from '../../os/http';
import { HttpTimeout, openHttp, sendHttp } from '../../os/http';

export interface EngineRequest {
  method?: 'GET' | 'POST' | 'DELETE';
  /** The path with its query; values from outside must be URL-encoded. */
  path: string;
  /** The time limit of the engine's response, in milliseconds; for a stream, the limit of its silence. */
  limitMs?: number;
}

export interface EngineResponse {
  status: number;
  body: Buffer;
}

/** The oldest API version with everything we need: Docker 20.10, of 2020. Engines drop old versions over time. */
const API = '/v1.41';
const ANSWER_WITHIN_MS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
const DEFAULT_SOCKET = '/var/run/docker.sock';

/** The engine's socket. Throws E_ENGINE for a DOCKER_HOST that is not a unix socket: the slots run on this machine. */
export function engineSocket(env: NodeJS.ProcessEnv = process.env): string {
  const host = env.DOCKER_HOST ?? '';
  if (host === '') return DEFAULT_SOCKET;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new KnownError(
    'E_ENGINE',
    `DOCKER_HOST is ${host}: the engine must run on this machine.`,
    'Unset DOCKER_HOST, or set it to unix:///path/to/the/socket.',
  );
}

/** Sends a request and returns the response, whatever its status. Throws E_ENGINE if the engine does not respond. */
export async function requestEngine(question: EngineRequest): Promise<EngineResponse> {
  const { status, body, complete } = await sendHttp(requestTo(question), MOST_BYTES).catch(notAnswered);
  if (!complete) notAnswered(new Error('its response is incomplete'));
  return { status, body };
}

/**
 * Returns the response's JSON; null for 404, for 304 (nothing to do) and for an empty body. Throws E_ENGINE, and
 * E_RUNTIME with the engine's own error if it refuses.
 */
export async function requestEngineJson<T>(question: EngineRequest): Promise<T | null> {
  const { status, body } = await requestEngine(question);
  if (status === 404 || status === 304) return null;
  if (status >= 300) throw refused(question, status, body);
  return body.length === 0 ? null : (JSON.parse(body.toString('utf8')) as T);
}

/** Opens a request whose response is read as a stream. Throws E_ENGINE. */
export async function streamEngine(question: EngineRequest): Promise<IncomingMessage> {
  return openHttp(requestTo(question)).catch(notAnswered);
}

function requestTo({ method = 'GET', path, limitMs = ANSWER_WITHIN_MS }: EngineRequest): HttpRequest {
  return { to: { socketPath: engineSocket() }, method, path: API + path, timeoutMs: limitMs };
}

function refused({ path }: EngineRequest, status: number, body: Buffer): KnownError {
  return new KnownError('E_RUNTIME', `Docker refused ${path.split('?')[0]}: ${wordOf(body) || status}`);
}

/** The engine's errors have the form `{"message": "…"}`. */
function wordOf(body: Buffer): string {
  try {
    return (JSON.parse(body.toString('utf8')) as { message?: string }).message ?? '';
  } catch {
    return body.toString('utf8').trim();
  }
}

function notAnswered(error: NodeJS.ErrnoException): never {
  if (error.code === 'EACCES') {
    throw new KnownError(
      'E_ENGINE',
      `This user may not open Docker's socket ${engineSocket()}.`,
      'Join the group that may, and log in again: sudo usermod -aG docker "$USER"',
    );
  }
  const why = error instanceof HttpTimeout ? 'it is silent' : (error.code ?? error.message);
  throw new KnownError('E_ENGINE', `Docker's engine does not answer (${why}).`);
}
