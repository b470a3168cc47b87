import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { homeAt } from '../../../deploy/home/home';
import { askSlot, unlessSilent, type SlotAnswer } from '../../../deploy/health/slot-health';
import type { DeployContext } from '../../../deploy/context';
import { commit } from '../../support/deployments';
import { afterwards, tempHome } from '../../support/temp-home';

const PROCESS = { slot: 'blue', commit: commit('a'), instance: 'i' };

/** A slot whose health path does this, and a home whose log says what its users got. */
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

const says =
  (status: number, instance: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify({ commit: PROCESS.commit, instance }));

/** Silent, while a user is answered so. */
async function silentWhile(fields: { slot?: string; upstream_status?: string }): Promise<boolean> {
  const context = await slot(() => appendFileSync(context.home.accessLog, `${JSON.stringify(answered)}\n`));
  const answered = {
    slot: 'blue',
    upstream: '127.0.0.1:1',
    upstream_status: '200',
    status: '200',
    ...fields,
  };
  return (await askSlot(context, PROCESS)).works;
}

test('a process works that answers 200 as itself', async () => {
  expect(await askSlot(await slot(says(200, 'i')), PROCESS)).toMatchObject({ works: true, status: 200 });
});

test.each([
  ['500', says(500, 'i')],
  ["another's 200", says(200, 'old')],
])('%s counts at once, whatever its users get', async (_, health) => {
  const context = await slot((request, response) => {
    appendFileSync(context.home.accessLog, '{"slot":"blue","upstream_status":"200","status":"200"}\n');
    health(request, response);
  });
  expect(await askSlot(context, PROCESS)).toMatchObject({ works: false });
});

test('one that is silent works if it has answered a user meanwhile, and not if others have, or it with an error', async () => {
  const all = [{}, { slot: 'green' }, { upstream_status: '500' }, { upstream_status: '502, 200' }];
  expect(await Promise.all(all.map(silentWhile))).toEqual([true, false, false, false]);
});

test.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['closes the connection', (request) => request.socket.destroy()],
  ['answers for ever', (_, response) => void response.writeHead(200).write('{')],
])('a process whose health path alone %s is unhealthy and does not hang', async (_, health) => {
  expect(await askSlot(await slot(health), PROCESS, 200)).toMatchObject({
    works: false,
    status: null,
    health: 'bad',
  });
});

test('a process is silent that takes connections and answers nothing on them', async () => {
  const stuck = createNetServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  const { context } = await slotOf(stuck);
  expect(await askSlot(context, PROCESS, 200)).toMatchObject({ health: 'silent' });
});

test('a process is silent that takes no connection', async () => {
  const { context, server } = await slotOf(createServer().listen(0, '127.0.0.1'));
  server.close();
  expect(await askSlot(context, PROCESS, 200)).toMatchObject({
    health: 'silent',
    said: 'connection refused',
  });
});

test('what was answered before the question says nothing', async () => {
  const context = await slot(() => undefined);
  appendFileSync(context.home.accessLog, '{"slot":"blue","upstream_status":"200","status":"200"}\n');
  expect(await askSlot(context, PROCESS)).toMatchObject({ works: false, status: null });
});

describe('a silence', () => {
  const asking = (...answers: Partial<SlotAnswer>[]) => {
    let asked = 0;
    const question = (): Promise<SlotAnswer> => Promise.resolve(answers[asked++] as SlotAnswer);
    return unlessSilent(question).then((last) => [last, asked]);
  };
  const silence = { status: null, works: false };
  const good = { status: 200, works: true };
  const bad = { status: 500, works: false };

  test('is asked again, twice at most', async () => {
    expect(await asking(silence, silence, good)).toEqual([good, 3]);
    expect(await asking(silence, silence, silence)).toEqual([silence, 3]);
  });

  test('and what is said is not, nor what users have heard', async () => {
    expect(await asking(silence, bad)).toEqual([bad, 2]);
    expect(await asking({ status: null, works: true })).toEqual([{ status: null, works: true }, 1]);
  });

  test('ends with the signal', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(unlessSilent(() => Promise.resolve(silence), stop.signal)).rejects.toThrow('enough');
  });
});
