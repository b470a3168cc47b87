/** Detects an nginx whose connections are all in use: it drops new ones, or leaves them without an answer. */
import { readFileSync } from 'node:fs';
import type { Home } from '../home/home';
import { clientsOf } from '../os/connections';
import { configFile } from './nginx-files';
import { probe } from './probe';

const TIMEOUT_MS = 1000;
/** Several probes, because nginx may lack connections only part of the time. */
const QUESTIONS = 3;
/** A request through a slot's backup holds this many of a worker's connections. */
const MOST_PER_CLIENT = 4;

/**
 * Requests a path that nginx answers alone (404), so that a silent app does not count. On a busy machine silence alone
 * proves nothing, so clients must also hold enough connections to fill a worker.
 */
export async function dropsConnections(home: Home, port: number): Promise<boolean> {
  if (clientsOf(port).size * MOST_PER_CLIENT < workerConnections(home)) return false;
  const question = { port, path: '/_deploy/', timeoutMs: TIMEOUT_MS };
  const answers = await Promise.all(Array.from({ length: QUESTIONS }, () => probe(question)));
  return answers.some(({ status }) => status === null);
}

/** Read from the configuration file; 0 if it cannot be read. */
function workerConnections(home: Home): number {
  try {
    return Number(/worker_connections (\d+);/.exec(readFileSync(configFile(home), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
