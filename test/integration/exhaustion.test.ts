/** Half-sent requests, as from an attacker who tries to use up nginx's connections. */
import { halfSent, type HalfSent } from '../support/half-sent';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

const HALF_SENT = 17_000;
const REQUESTS = 40;
const EVERY_MS = 250;
const TIMEOUT_MS = 5000;

let context: TrafficFixture;
let attack: HalfSent | undefined;

beforeEach(async () => {
  context = await trafficFixture();
  await context.startApp('blue');
  await context.traffic.shift({ active: 'blue', standby: null });
});
afterEach(async () => {
  await attack?.end();
  await context.cleanUp();
});

/** The status, error or lateness that a user with a new connection gets. */
async function newUser(): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, TIMEOUT_MS, 'late').unref());
  const status = context.ask('/version').then(
    (answer) => String(answer.status),
    (error: NodeJS.ErrnoException) => error.code ?? 'error',
  );
  return Promise.race([status, late]);
}

test('17,000 half-sent requests, reopened as soon as nginx closes them, cost no user an answer', async () => {
  await context.nginx.start();
  attack = await halfSent(context.ports.http, HALF_SENT);

  const answers: Promise<string>[] = [];
  for (let number = 0; number < REQUESTS; number += 1) {
    answers.push(newUser());
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }

  expect(await Promise.all(answers)).toEqual(Array(REQUESTS).fill('200'));
  // the first ones were closed and replaced
  expect(attack.opened()).toBeGreaterThan(HALF_SENT);
}, 90_000);
