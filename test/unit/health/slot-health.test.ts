import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { homeAt } from '../../../deploy/home/home';
import { probeSlot, retrySilent, type SlotAnswer } from '../../../deploy/health/slot-health';
import type { DeployContext } from '../../../deploy/context';
import { commit } from '../../support/deployments';
import { afterwards, tempHome } from '../../support/temp-home';

const PROCESS = { slot: 'blue', commit: commit('a'), instance: 'i' };

/** A slot with this health path, and a home whose access log records what its users got. */
async function slot(health: RequestListener): Promise<DeployContext> {
  const server = createServer(health).listen(0, '127.0.0.1');
  afterwards(() => server.closeAllConnections());
  return (await slotOf(server)).context;
}

async function slotOf<T extends Server>(server: T): Promise<{ context: DeployContext; server: T }> {
  const home = homeAt(tempHome());
  mkdirSync(path.dirname(home.accessLog), { recursive: true });
  await once(server, 'listening');
  afterwards(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const context = { home, slots: [{ name: 'blue', port }], config: { app: { health: '/health' } } };
  return { context: context as unknown as DeployContext, server };
}

const answering =
  (status: number, instance: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify({ commit: PROCESS.commit, instance }));

/** Whether a slot with a silent health path works while a user gets this answer. */
async function worksWhile(fields: { slot?: string; upstream_status?: string }): Promise<boolean> {
  const context = await slot(() => appendFileSync(context.home.accessLog, `${JSON.stringify(answered)}\n`));
  const answered = {
    slot: 'blue',
    upstream: '127.0.0.1:1',
    upstream_status: '200',
    status: '200',
    ...fields,
  };
  return (await probeSlot(context, PROCESS)).works;
}

test('a process that answers 200 with its own identity works', async () => {
  expect(await probeSlot(await slot(answering(200, 'i')), PROCESS)).toMatchObject({
    works: true,
    status: 200,
  });
});

test.each([
  ['500', answering(500, 'i')],
  ["another's 200", answering(200, 'old')],
])('a health answer of %s counts immediately, whatever users get', async (_, health) => {
  const context = await slot((request, response) => {
    appendFileSync(context.home.accessLog, '{"slot":"blue","upstream_status":"200","status":"200"}\n');
    health(request, response);
  });
  expect(await probeSlot(context, PROCESS)).toMatchObject({ works: false });
});

test('a silent process works only if it answered a user without an error in the meantime', async () => {
  const all = [{}, { slot: 'green' }, { upstream_status: '500' }, { upstream_status: '502, 200' }];
  expect(await Promise.all(all.map(worksWhile))).toEqual([true, false, false, false]);
});

test.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['closes the connection', (request) => request.socket.destroy()],
  ['answers for ever', (_, response) => void response.writeHead(200).write('{')],
])('a process whose health path alone %s is unhealthy and does not hang', async (_, health) => {
  expect(await probeSlot(await slot(health), PROCESS, 200)).toMatchObject({
    works: false,
    status: null,
    health: 'bad',
  });
});

test('a process that accepts connections but never answers is silent', async () => {
  const stuck = createNetServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  const { context } = await slotOf(stuck);
  expect(await probeSlot(context, PROCESS, 200)).toMatchObject({ health: 'silent' });
});

test('a process that accepts no connections is silent', async () => {
  const { context, server } = await slotOf(createServer().listen(0, '127.0.0.1'));
  server.close();
  expect(await probeSlot(context, PROCESS, 200)).toMatchObject({
    health: 'silent',
    message: 'connection refused',
  });
});

test('an answer from before the probe does not count', async () => {
  const context = await slot(() => undefined);
  appendFileSync(context.home.accessLog, '{"slot":"blue","upstream_status":"200","status":"200"}\n');
  expect(await probeSlot(context, PROCESS)).toMatchObject({ works: false, status: null });
});

describe('a silent probe', () => {
  const probing = (...answers: Partial<SlotAnswer>[]) => {
    let probes = 0;
    const probe = (): Promise<SlotAnswer> => Promise.resolve(answers[probes++] as SlotAnswer);
    return retrySilent(probe).then((last) => [last, probes]);
  };
  const silence = { status: null, works: false };
  const good = { status: 200, works: true };
  const bad = { status: 500, works: false };

  test('is repeated at most twice', async () => {
    expect(await probing(silence, silence, good)).toEqual([good, 3]);
    expect(await probing(silence, silence, silence)).toEqual([silence, 3]);
  });

  test('is not repeated after an answer, or while users get answers', async () => {
    expect(await probing(silence, bad)).toEqual([bad, 2]);
    expect(await probing({ status: null, works: true })).toEqual([{ status: null, works: true }, 1]);
  });

  test('is not repeated once the signal aborts', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(retrySilent(() => Promise.resolve(silence), stop.signal)).rejects.toThrow('enough');
  });
});
