/**
 * A load in its own process, so that the rest of the benchmark neither slows it down nor hides a failed request.
 * Messages start and end the windows that it measures; see load.ts.
 */
import { startClient, type ClientOptions, type Result } from './client';
import { quantile } from './statistics';

export type LoadProcessOptions = ClientOptions & { connections: number };
export type LoadMessage = 'begin' | 'end' | 'stop';

export interface Window {
  seconds: number;
  requests: number;
  failed: number;
  /** The number of failures by reason. */
  reasons: Record<string, number>;
  /** Successful requests per second. */
  perSecond: number;
  /** In milliseconds, like the next two. */
  p50: number;
  p99: number;
  slowest: number;
}

interface Counts {
  startedAt: number;
  latencies: number[];
  failed: number;
  reasons: Record<string, number>;
}

export function main([json = '']: string[]): void {
  const { connections, ...options } = JSON.parse(json) as LoadProcessOptions;
  let counts = emptyCounts();
  const clients = Array.from({ length: connections }, (_, number) =>
    startClient(options, number, (result) => add(counts, result)),
  );
  process.on('message', (message: LoadMessage) => {
    if (message === 'begin') counts = emptyCounts();
    if (message === 'end') process.send?.(windowOf(counts));
    if (message === 'stop')
      void Promise.all(clients.map((client) => client.stop())).then(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit(0));
}

function emptyCounts(): Counts {
  return { startedAt: performance.now(), latencies: [], failed: 0, reasons: {} };
}

function add(counts: Counts, { ms, failure }: Result): void {
  if (failure === null) counts.latencies.push(ms);
  else {
    counts.failed += 1;
    counts.reasons[failure] = (counts.reasons[failure] ?? 0) + 1;
  }
}

function windowOf({ startedAt, latencies, failed, reasons }: Counts): Window {
  const seconds = (performance.now() - startedAt) / 1000;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    seconds,
    requests: sorted.length + failed,
    failed,
    reasons,
    perSecond: sorted.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    slowest: sorted.at(-1) ?? 0,
  };
}
