import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import request from 'supertest';
import { judgeDeliveries } from '../../../../deploy/doctor/webhook';
import { deliveryLog, readDeliveries } from '../../../../deploy/http/webhook/deliveries';
import { signatureOf } from '../../../../deploy/http/webhook/signature';
import { refusedWebhooksLine } from '../../../../deploy/reporters/phrases';
import { tempHome } from '../../../support/temp-home';
import { SECRET, testWebhook } from '../../../support/webhook';

const PING = { 'x-github-event': 'ping' };

let home: { deliveries: string };
let log: ReturnType<typeof deliveryLog>;

beforeEach(() => {
  home = { deliveries: path.join(tempHome(), 'deliveries.json') };
  log = deliveryLog(home);
});
afterEach(() => log.close());

async function post(headers: Record<string, string>, body = '{"text":"content"}'): Promise<number> {
  const asking = request(testWebhook({ deliveries: log })).post('/_deploy/webhook');
  const all = { 'content-type': 'application/json', ...headers };
  for (const [name, value] of Object.entries(all)) void asking.set(name, value);
  return (await asking.send(body)).status;
}

const forged = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };

it('the record of webhooks counts refusals by reason, stores no content, and is closed to other users', async () => {
  for (let times = 0; times < 30; times += 1) await post({ ...PING, ...forged });
  await post({ ...PING, ...forged, 'content-type': 'text/plain' });
  log.close();
  const { refused, accepted } = readDeliveries(home);
  expect(accepted).toBeNull();
  expect(refused).toMatchObject([
    { code: 'E_BAD_PAYLOAD', count: 1 },
    { code: 'E_SIGNATURE', count: 30, message: 'The signature is missing or wrong.' },
  ]);
  const kept = readFileSync(home.deliveries, 'utf8');
  expect(kept).not.toMatch(/content"|0000/);
  expect(kept.length).toBeLessThan(1000);
  expect(statSync(home.deliveries).mode & 0o777).toBe(0o600);
});

it('the record of webhooks is written at most every few seconds, however many are refused', async () => {
  await post({ ...PING, ...forged });
  const { mtimeMs } = statSync(home.deliveries);
  for (let times = 0; times < 20; times += 1) await post({ ...PING, ...forged });
  expect(statSync(home.deliveries).mtimeMs).toBe(mtimeMs);
  expect(readDeliveries(home).refused[0]?.count).toBe(1);
  log.close();
  expect(readDeliveries(home).refused[0]?.count).toBe(21);
});

it('the record of webhooks continues to count after a restart', async () => {
  await post({ ...PING, ...forged });
  log.close();
  log = deliveryLog(home);
  await post({ ...PING, ...forged });
  log.close();
  expect(readDeliveries(home).refused).toMatchObject([{ count: 2 }]);
});

it('the record of webhooks counts those of GitLab, Gitea and Forgejo', async () => {
  await post({ 'x-gitlab-event': 'Push Hook' });
  await post({ 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': 'a guess' });
  await post({ 'x-gitea-event': 'push', 'x-gitea-signature': '0'.repeat(64) });
  log.close();
  expect(readDeliveries(home).refused).toMatchObject([
    { message: 'The signature is missing or wrong.', count: 1 },
    { message: 'The secret token is missing or wrong.', count: 2 },
  ]);
  expect(readFileSync(home.deliveries, 'utf8')).not.toContain('a guess');

  const push = JSON.stringify({ ref: 'refs/heads/other' });
  expect(await post({ 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET }, push)).toBe(200);
  log.close();
  expect(judgeDeliveries(readDeliveries(home))).toEqual([]);
});

it('the record of webhooks leaves out scanners and the pings of doctor', async () => {
  await post(forged);
  await post({ ...PING, ...forged, 'user-agent': 'switchyard-probe' });
  log.close();
  expect(readDeliveries(home).refused).toEqual([]);
});

it('a refused webhook is a warning of doctor until a webhook is accepted', async () => {
  await post({ ...PING, ...forged });
  log.close();
  const [refused] = readDeliveries(home).refused;
  expect(judgeDeliveries(readDeliveries(home))).toEqual([
    {
      status: 'warning',
      message: expect.stringMatching(
        /^1 webhook refused, the last at .*: The signature is missing or wrong\.$/,
      ),
      fix: expect.stringContaining('same secret'),
    },
  ]);
  expect(refused && refusedWebhooksLine({ ...refused, count: 2 })).toMatch(/^2 webhooks refused/);

  const body = '{"zen":"x"}';
  expect(await post({ ...PING, 'x-hub-signature-256': signatureOf(SECRET, Buffer.from(body)) }, body)).toBe(
    200,
  );
  log.close();
  expect(judgeDeliveries(readDeliveries(home))).toEqual([]);
});

it('the record of webhooks starts anew when its file is damaged', () => {
  writeFileSync(home.deliveries, '{');
  expect(readDeliveries(home)).toEqual({ accepted: null, refused: [] });
});
