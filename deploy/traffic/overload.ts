/** Detects an nginx whose connections are all in use: it drops new ones, or leaves them without an answer. */
import { probe } from './probe';

const TIMEOUT_MS = 1000;
/** It may be short of connections only most of the time. */
const QUESTIONS = 3;

/** Asks a path that nginx answers alone (404), so that a silent app does not count. */
export async function dropsConnections(port: number): Promise<boolean> {
  const question = { port, path: '/_deploy/', timeoutMs: TIMEOUT_MS };
  const answers = await Promise.all(Array.from({ length: QUESTIONS }, () => probe(question)));
  return answers.some(({ status }) => status === null);
}
