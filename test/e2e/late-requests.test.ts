/** A deployer that is stopped (SIGSTOP) while it is asked for something, and continues after the client has given up. */
import { readFileSync } from 'node:fs';
import { processesWith } from '../../deploy/os/process-table';
import { probe } from '../../deploy/traffic/probe';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import { expectDone, expectLive } from '../support/expect-live';
import { afterwards } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone;

beforeAll(async () => {
  // the poll would rightly find what was pushed meanwhile
  clone = await tinyClone({
    bake: { seconds: 0 },
    schedules: { poll: null, prune: null, rotate: null },
  });
  expectDone(await clone.start());
  expectLive(await clone.release());
  expectDone(await clone.switchyard('env', 'set', 'COLOUR=red', '--later'));
});
afterAll(() => clone.cleanUp());

it.each([
  ['rollback', ['rollback']],
  ['deploy', ['deploy']],
  ['deploy:blue', ['deploy:blue', 'HEAD~1']],
  ['env apply', ['env', 'apply']],
  ['abort', ['abort']],
])('%s that failed is not carried out later', async (_name, command) => {
  const before = { serving: await clone.serving(), deployments: clone.deployments() };
  const answer = clone.switchyard(...command);
  const resume = stopDeployer();
  const said = await answer;
  resume();
  await everythingRead();

  expect(said.code).toBe(1);
  expect(said.text).toContain('The deployer does not answer. This request was withdrawn.');
  expect(said.text).toContain('[E_DEPLOYER_DOWN]');
  expect(clone.deployments()).toEqual(before.deployments);
  expect(await clone.serving()).toEqual(before.serving);
});

it('env set says that no deployer answers, and keeps the variable for later', async () => {
  const before = { serving: await clone.serving(), deployments: clone.deployments() };
  const answer = clone.switchyard('env', 'set', 'SHAPE=round');
  const resume = stopDeployer();
  const said = await answer;
  resume();
  await everythingRead();

  expect(said.text).toContain(
    ' kept. The deployer does not answer: it takes effect with the next deployment.',
  );
  expect(clone.deployments()).toEqual(before.deployments);
  expect(await clone.serving()).toEqual(before.serving);
});

it('a push whose webhook nobody took is not deployed later, and its terminal says what to do', async () => {
  const deployments = clone.deployments();
  const resume = stopDeployer();
  const said = await clone.push('while the deployer is stopped');
  resume();
  await everythingRead();

  expect(said.text).toContain('NOT LIVE. The push arrived, but: the webhook was not accepted');
  expect(said.text).toContain('npm start && npm run -s deploy');
  expect(clone.deployments()).toEqual(deployments);
  expectDone(await clone.switchyard('deploy'));
});

it('a request that was carried out though its answer came too late is followed to its end', async () => {
  const { length } = clone.deployments();
  const answer = clone.switchyard('rollback');
  await until('the request is written', () => clone.deployments().length > length);
  expectDone(await answer);
});

it('a push reaches the deployer while the public port answers nobody', async () => {
  const { length } = clone.deployments();
  const nginx = processesOf(clone.home);
  const resume = (): void => nginx.forEach((pid) => process.kill(pid, 'SIGCONT'));
  afterwards(resume);
  nginx.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  const pushed = clone.push('while nginx is stopped');
  await until('the deployment is queued', () => clone.deployments().length > length);
  resume();
  expectLive(await pushed);
});

/** Stops the deployer, before any request is read. Returns what lets it go on. */
function stopDeployer(): () => void {
  const [deployer] = processesWith('SWITCHYARD_HOME', clone.home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith('/daemon.js')),
  );
  if (!deployer) throw new Error('no deployer runs');
  process.kill(deployer.pid, 'SIGSTOP');
  const state = (): string => readFileSync(`/proc/${deployer.pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
  const resume = (): void => void (state() === 'T' && process.kill(deployer.pid, 'SIGCONT'));
  afterwards(resume);
  return resume;
}

/** Both of its doors answer requests in the order in which they came: whatever lay in them is read by then. */
async function everythingRead(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await until('the deployer answers', async () => {
      const [control, webhook] = await Promise.all([
        probe({ socketPath: clone.home.socket, path: '/health', timeoutMs: 1000 }),
        probe({ port: clone.ports.deployer, path: '/_deploy/health', timeoutMs: 1000 }),
      ]);
      return control.status === 200 && webhook.status === 200;
    });
  }
}
