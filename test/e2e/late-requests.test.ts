/** The deployer is stopped (SIGSTOP) when a request arrives, and continues after the client has given up. */
import { readFileSync } from 'node:fs';
import { processesWith } from '../../deploy/os/process-table';
import { probe } from '../../deploy/traffic/probe';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import { deployersOf } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startPortThief } from '../support/port-thief';
import { afterwards } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone;

beforeAll(async () => {
  // without the poll, which would find pushed commits
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
])('a failed %s request is not carried out later', async (_name, command) => {
  const before = { serving: await clone.serving(), deployments: clone.deployments() };
  const answer = clone.switchyard(...command);
  const resume = stopDeployer();
  const result = await answer;
  resume();
  await allRequestsRead();

  expect(result.code).toBe(1);
  expect(result.text).toContain('The deployer does not answer. This request was withdrawn.');
  expect(result.text).toContain('[E_DEPLOYER_DOWN]');
  expect(clone.deployments()).toEqual(before.deployments);
  expect(await clone.serving()).toEqual(before.serving);
});

it('env set reports that the deployer does not answer, and keeps the variable for the next deployment', async () => {
  const before = { serving: await clone.serving(), deployments: clone.deployments() };
  const answer = clone.switchyard('env', 'set', 'SHAPE=round');
  const resume = stopDeployer();
  const result = await answer;
  resume();
  await allRequestsRead();

  expect(result.text).toContain(
    ' kept. The deployer does not answer: it takes effect with the next deployment.',
  );
  expect(clone.deployments()).toEqual(before.deployments);
  expect(await clone.serving()).toEqual(before.serving);
});

it('a push whose webhook was not accepted is not deployed later, and its terminal says what to do', async () => {
  const deployments = clone.deployments();
  const resume = stopDeployer();
  const result = await clone.push('while the deployer is stopped');
  resume();
  await allRequestsRead();

  expect(result.text).toContain('NOT LIVE. The push arrived, but: the webhook was not accepted');
  expect(result.text).toContain('npm start && ./switchyard deploy');
  expect(clone.deployments()).toEqual(deployments);
  expectDone(await clone.switchyard('deploy'));
});

it('a request that was carried out is followed to its end although the answer was late', async () => {
  const { length } = clone.deployments();
  const answer = clone.switchyard('rollback');
  await until('the request in the journal', () => clone.deployments().length > length);
  expectDone(await answer);
});

it('a push reaches the deployer while nginx does not answer', async () => {
  const { length } = clone.deployments();
  const nginx = processesOf(clone.home);
  const resume = (): void => nginx.forEach((pid) => process.kill(pid, 'SIGCONT'));
  afterwards(resume);
  nginx.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  const pushed = clone.push('while nginx is stopped');
  await until('the deployment to be queued', () => clone.deployments().length > length);
  resume();
  expectLive(await pushed);
});

it('a push does not believe another process that has the port of the deployer', async () => {
  const { deployer } = clone.ports;
  const deployment = JSON.stringify({ id: 1, state: 'queued' });
  const thief = startPortThief(deployer, deployment);
  afterwards(thief.kill);
  const prints = (wanted: string): boolean => thief.lines.some(({ what }) => what === wanted);
  await until('the thief', () => prints('trying'));
  for (const { pid } of deployersOf(clone.home)) process.kill(pid, 'SIGKILL');
  await until('the theft', () => prints('listening'));
  const result = await clone.push('while another process answers for the deployer');
  thief.kill();
  await allRequestsRead();

  expect(result.text).toContain('NOT LIVE. The push arrived, but: another process answered the webhook');
  expect(result.text).toContain('[E_DEPLOYER_DOWN]');
});

/** Stops the deployer before it reads any request. Returns a function that resumes it. */
function stopDeployer(): () => void {
  const [deployer] = processesWith('SWITCHYARD_HOME', clone.home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith('/daemon.js')),
  );
  if (!deployer) throw new Error('no deployer is running');
  process.kill(deployer.pid, 'SIGSTOP');
  const state = (): string => readFileSync(`/proc/${deployer.pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
  const resume = (): void => void (state() === 'T' && process.kill(deployer.pid, 'SIGCONT'));
  afterwards(resume);
  return resume;
}

/** Waits for answers on both interfaces: requests are read in order, so all earlier ones have been read by then. */
async function allRequestsRead(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await until('the deployer to answer', async () => {
      const [control, webhook] = await Promise.all([
        probe({ socketPath: clone.home.socket, path: '/health', timeoutMs: 1000 }),
        probe({ port: clone.ports.deployer, path: '/_deploy/health', timeoutMs: 1000 }),
      ]);
      return control.status === 200 && webhook.status === 200;
    });
  }
}
