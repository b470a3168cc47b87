/**
 * Posts webhooks in GitHub's format, for push.git's hook and for doctor. The hook posts directly to the deployer, so
 * that a push does not depend on the public port.
 */
import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { DEADLINE_HEADER } from '../http/request-headers';
import { KnownError } from '../core/errors';
import { isObject } from '../core/json';
import { HttpTimeout, sendHttp } from '../os/http';
import { machineMs } from '../os/machine-clock';
import { PROBE_AGENT } from '../traffic/probe';
import { signatureOf } from '../http/webhook/signature';

const TIMEOUT_MS = 10_000;
const NO_COMMIT = /^0+$/;

export interface Push {
  /** The deployer's port on 127.0.0.1, or nginx's. */
  port: number;
  secret: string;
  delivery: string;
  before: string;
  after: string;
  ref: string;
}

export type PushAnswer = { id: number } | { ignored: string };

/**
 * Posts a signed push event. Throws E_SIGNATURE if the secrets differ, and E_DEPLOYER_DOWN if the deployer does not
 * accept it for another reason.
 */
export async function postPush(push: Push): Promise<PushAnswer> {
  const { before, after, ref, secret, delivery } = push;
  const deleted = NO_COMMIT.test(after);
  const body = Buffer.from(JSON.stringify({ ref, before, after, created: NO_COMMIT.test(before), deleted }));
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': delivery,
    'x-hub-signature-256': signatureOf(secret, body),
    'x-switchyard-trigger': 'push',
    [DEADLINE_HEADER]: machineMs() + TIMEOUT_MS,
  };
  const { status, text } = await post(push.port, headers, body, TIMEOUT_MS);
  if (status === 200 || status === 202) return readAnswer(text);
  if (status === 401)
    throw new KnownError('E_SIGNATURE', 'the webhook was refused: its signature does not match.');
  throw new KnownError('E_DEPLOYER_DOWN', `the webhook was answered with ${status}.`);
}

export interface Ping {
  port: number;
  secret: string;
  /** The time limit, in milliseconds. */
  timeoutMs: number;
}

/**
 * Posts a signed `ping`, which deploys nothing, and returns the HTTP status of the response. Throws
 * E_DEPLOYER_DOWN without a response.
 */
export async function postPing({ port, secret, timeoutMs }: Ping): Promise<number> {
  const body = Buffer.from(JSON.stringify({ zen: 'Is the webhook set up correctly?' }));
  const headers = {
    'content-type': 'application/json',
    'user-agent': PROBE_AGENT,
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': signatureOf(secret, body),
  };
  return (await post(port, headers, body, timeoutMs)).status;
}

function readAnswer(text: string): PushAnswer {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer) && ('id' in answer || 'ignored' in answer)) return answer as PushAnswer;
  } catch {
    // not JSON: see below
  }
  throw notTheDeployer();
}

export function notTheDeployer(): KnownError {
  return new KnownError('E_DEPLOYER_DOWN', 'another process answered the webhook, not the deployer.');
}

async function post(
  port: number,
  headers: OutgoingHttpHeaders,
  body: Buffer,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  try {
    const request = { to: { port }, path: '/_deploy/webhook', method: 'POST', headers, body, timeoutMs };
    const response = await sendHttp(request);
    return { status: response.status, text: response.body.toString('utf8') };
  } catch (error) {
    const why = error instanceof HttpTimeout ? 'it does not answer' : (error as Error).message;
    throw new KnownError('E_DEPLOYER_DOWN', `the webhook was not accepted: ${why}.`);
  }
}
