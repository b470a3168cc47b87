import { parseLine, type LogEntry } from '../../../../deploy/traffic/access-log';
import { affectedUsers, SampleCollector, type Goal } from '../../../../deploy/pipeline/steps/canary-samples';

const request = (fields: Record<string, string> = {}): LogEntry =>
  parseLine(
    JSON.stringify({
      time: '1795356670.592',
      kind: 'app',
      method: 'GET',
      uri: '/',
      status: '200',
      slot: 'green',
      upstream: '127.0.0.1:8081',
      upstream_status: '200',
      response_time: '0.011',
      request_time: '0.012',
      cohort: 'c1',
      id: 'r1',
      ...fields,
    }),
  ) as LogEntry;
/** The time of its answer and its latency. */
const TOOK_11 = [{ at: 1_795_356_670_592, ms: 11 }];
const failed = { status: '500', upstream_status: '500' };
const BOUND = { most: 100, share: 5 };

describe('samples of a slot', () => {
  const samples = (...entries: LogEntry[]): unknown => {
    const book = new SampleCollector();
    book.add(entries);
    return book.sides(['green'], ['blue'], BOUND).canary;
  };

  test.each([
    ['include an answer and its latency', request(), { requests: 1, errors: 0, latencies: TOOK_11 }],
    [
      'count a client error as an answer',
      request({ status: '404', upstream_status: '404' }),
      { errors: 0, latencies: TOOK_11 },
    ],
    ['count an error without its latency', request(failed), { requests: 1, errors: 1, latencies: [] }],
    [
      'count a failure even if the backup answered the user',
      request({ upstream_status: '502, 200', response_time: '1.000, 0.004' }),
      { requests: 1, errors: 1, latencies: [] },
    ],
    [
      'use the latency of the slot, not of a slow client',
      request({ request_time: '9.000' }),
      { latencies: TOOK_11 },
    ],
    [
      'include an upgraded connection without a latency',
      request({ status: '101', upstream_status: '101' }),
      { requests: 1, latencies: [] },
    ],
    ['include an event stream without a latency', request({ events: '1' }), { requests: 1, latencies: [] }],
    ["exclude a tester's request", request({ kind: 'preview' }), { requests: 0 }],
    ["exclude Switchyard's own probe", request({ kind: 'probe' }), { requests: 0 }],
    ["exclude another slot's request", request({ slot: 'blue' }), { requests: 0 }],
    [
      'exclude a request whose client has left',
      request({ status: '499', upstream_status: '-' }),
      { requests: 0 },
    ],
    ['exclude what nginx answered alone', request({ slot: '', upstream_status: '' }), { requests: 0 }],
  ])('%s', (_case, entry, expected) => expect(samples(entry)).toMatchObject(expected));

  test('count a direct probe of the slot like a request', () => {
    const book = new SampleCollector();
    for (const status of [200, 503, null]) book.addProbe('green', status, { at: 1, ms: 7 });
    expect(book.sides(['green'], ['blue'], BOUND).canary).toMatchObject({
      requests: 3,
      errors: 2,
      latencies: [{ at: 1, ms: 7 }],
    });
  });
});

describe('visitors', () => {
  const variant = (goal: Goal | null, ...entries: LogEntry[]): unknown => {
    const book = new SampleCollector(goal);
    book.add(entries);
    return book.variant(['green']);
  };
  const SIGNUP: Goal = { path: '/signup', status: 201 };
  const signedUp = { uri: '/signup', status: '201', upstream_status: '201' };

  test('are users who kept the cookie, each counted once', () => {
    const entries = [
      request(),
      request({ id: 'r2' }),
      request({ cohort: 'c2' }),
      request({ cohort: 'x', id: 'x' }),
    ];
    expect(variant(null, ...entries)).toEqual({ visitors: 2, reached: 0 });
  });

  test.each<[string, Goal, Record<string, string>, number]>([
    ['path and status match', SIGNUP, signedUp, 1],
    ['another status does not count', SIGNUP, { ...signedUp, status: '422' }, 0],
    ['another path does not count', SIGNUP, { ...signedUp, uri: '/signups' }, 0],
    ['without a status, any below 400 counts', { path: '/thanks' }, { uri: '/thanks', status: '302' }, 1],
    [
      'without a status, a failed request does not count',
      { path: '/thanks' },
      { uri: '/thanks', status: '404' },
      0,
    ],
    ['the app names the goal', { header: 'signup' }, { goal: 'signup' }, 1],
    ['the app names another goal', { header: 'signup' }, { goal: 'buy' }, 0],
    ['an older log names no goal', { header: 'signup' }, {}, 0],
  ])('are checked against a goal: %s', (_case, goal, fields, reached) =>
    expect(variant(goal, request(fields))).toEqual({ visitors: 1, reached }),
  );

  test('who reached the goal with their first request count once when they return', () => {
    const first = request({ ...signedUp, cohort: 'n', id: 'n' });
    expect(variant(SIGNUP, first)).toEqual({ visitors: 0, reached: 0 });
    const again = request({ ...signedUp, cohort: 'n', id: 'r7' });
    expect(variant(SIGNUP, first, again, again)).toEqual({ visitors: 1, reached: 1 });
  });
});

test('only users who saw a failure of that slot are affected by it', () => {
  const entries = [
    request({ ...failed, cohort: 'c1' }),
    request({ cohort: 'c2' }),
    request({ cohort: 'c3', upstream_status: '502, 200' }),
    request({ ...failed, cohort: 'c4', kind: 'preview' }),
    request({ ...failed, cohort: 'c5', slot: 'blue' }),
    request({ cohort: 'c6', status: '502', upstream_status: '502, 502' }),
  ];
  expect(affectedUsers('green', entries)).toEqual(['c1', 'c6']);
});
