/**
 * Attacks a running instance from one address while users send requests from another. `npm run test:abuse` runs all
 * attacks and prints their effect on users and on the machine.
 */
import { expectDone } from '../support/expect-live';
import { flood, report, underAttack, type Attack, type Damage } from '../support/attack';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

const SECONDS = 20;
const damages: Damage[] = [];
let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ keep: { logSize: '1m', logDisk: '20m' } });
  expectDone(await clone.start());
});
afterAll(async () => {
  await clone.cleanUp();
  process.stdout.write(`\n${report(damages)}\n`);
});

async function survive(name: string, attack: Attack): Promise<Damage> {
  const damage = await underAttack(clone, { name, attack, seconds: SECONDS });
  damages.push(damage);
  expect(damage.failures).toBe(0);
  return damage;
}

it('logs stay within their limits while one address requests paths of control characters', async () => {
  const request = `GET /${'%01'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const damage = await survive('paths of control characters', ({ ports }, signal) =>
    flood(ports.http, request, 8, signal),
  );
  expect(damage.diskMb).toBeLessThan(30);
  expect(damage.deployerMb).toBeLessThan(50);
});
