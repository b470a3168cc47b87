import { appendFileSync, mkdirSync } from 'node:fs';
import { homeAt, type Home } from '../../../deploy/home/home';
import { recentAnswers } from '../../../deploy/traffic/recent-answers';
import { tempHome } from '../../support/temp-home';

const HOUR_MS = 3_600_000;
const ELEVEN_SECONDS_NS = 11_000_000_000n;

let home: Home;
beforeEach(() => {
  home = homeAt(tempHome());
  mkdirSync(home.logs);
});
afterEach(() => jest.restoreAllMocks());

function answer(status: string): void {
  const line = {
    time: String(Date.now() / 1000),
    kind: 'app',
    method: 'GET',
    uri: '/',
    status,
    slot: 'blue',
    table: '/home/tables/active-blue.standby-none',
    upstream: '127.0.0.1:8080',
    upstream_status: status,
    request_time: '0.012',
    response_time: '0.011',
    id: 'a1',
  };
  appendFileSync(home.accessLog, `${JSON.stringify(line)}\n`);
}

describe.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('a clock that is set %s by an hour', (_direction, step) => {
  it('does not change the answers of the last seconds', () => {
    const answers = recentAnswers(home, 'blue');
    answer('500');
    expect(answers()).toEqual({ answered: 0, failed: 1 });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + step);
    answer('200');
    expect(answers()).toEqual({ answered: 1, failed: 1 });
  });

  it('keeps no answers from more than ten seconds ago', () => {
    const answers = recentAnswers(home, 'blue');
    answer('500');
    expect(answers()).toEqual({ answered: 0, failed: 1 });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + step);
    jest.spyOn(process.hrtime, 'bigint').mockReturnValue(process.hrtime.bigint() + ELEVEN_SECONDS_NS);
    expect(answers()).toEqual({ answered: 0, failed: 0 });
  });
});
