/**
 * Generates load in its own thread, so that a busy test neither slows it down nor hides a lost request. It is plain
 * JavaScript because a worker thread has no compiler. Tests use it through test/support/load.ts.
 *
 * Each connection is a client that never retries: it keeps its socket open, sends a request, waits, and sends the next.
 * Every unexpected answer is a failure.
 */
const http = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');

const { port, connections, mix, slow, pauseMs, timeoutMs } = workerData;
/** Enough to diagnose a problem; the counters continue beyond it. */
const MOST_DETAILS = 1000;

const result = { requests: 0, failed: [], failures: 0, acknowledged: [], versions: {}, slowestMs: 0 };
let stopping = false;
let goals = [];

parentPort.on('message', ({ type, requests, id }) => {
  if (type === 'stop') stopping = true;
  if (type === 'progress') goals.push({ id, requests: result.requests + requests });
  reportProgress();
});

Promise.all(Array.from({ length: connections }, (_, number) => client(number))).then(() => {
  parentPort.postMessage({ type: 'result', result });
  parentPort.close();
});

async function client(number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const requests = slow && number % 8 === 7 ? [slow] : mix;
  for (let turn = number; !stopping; turn += 1) {
    const request = requests[turn % requests.length];
    const started = Date.now();
    const answer = await ask(agent, request, `load ${number}-${turn}`);
    judge(request, answer, started);
    reportProgress();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  agent.destroy();
}

/** Sends one request, once. Resolves with the answer or with the error. */
function ask(agent, { method, path, json }, text) {
  return new Promise((resolve) => {
    const body = json ? JSON.stringify({ text }) : undefined;
    const headers = body
      ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      : {};
    const asking = http.request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          body: Buffer.concat(chunks).toString(),
          retryAfter: response.headers['retry-after'],
        }),
      );
      response.on('error', (error) =>
        resolve({ status: response.statusCode, error: `cut off: ${error.message}` }),
      );
    });
    asking.setTimeout(timeoutMs, () => asking.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    asking.on('error', (error) => resolve({ error: error.message, reused: asking.reusedSocket }));
    asking.end(body);
  });
}

function judge({ method, path, expect }, { status, body = '', error, reused, retryAfter }, started) {
  const ms = Date.now() - started;
  result.requests += 1;
  result.slowestMs = Math.max(result.slowestMs, ms);
  if (error !== undefined || !expect.includes(status)) {
    result.failures += 1;
    if (result.failed.length >= MOST_DETAILS) return;
    result.failed.push({
      at: started,
      ms,
      method,
      path,
      status: status ?? null,
      detail: error ?? body.slice(0, 200),
      retryAfter: retryAfter ?? null,
      reused: reused ?? false,
    });
    return;
  }
  const { id, version } = parse(body);
  if (method === 'POST' && id !== undefined) result.acknowledged.push(id);
  if (version !== undefined) result.versions[version] = (result.versions[version] ?? 0) + 1;
}

function parse(body) {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

function reportProgress() {
  const reached = goals.filter((goal) => result.requests >= goal.requests);
  goals = goals.filter((goal) => result.requests < goal.requests);
  for (const { id } of reached) {
    parentPort.postMessage({ type: 'progress', id, requests: result.requests, failures: result.failures });
  }
}
