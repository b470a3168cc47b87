import { parseLine, type LogEntry } from '../../../../deploy/traffic/access-log';
import { hurtBy, SampleBook, type Goal } from '../../../../deploy/pipeline/steps/canary-samples';

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
/** When it was answered, and how long it took. */
const TOOK_11 = [{ at: 1_795_356_670_592, ms: 11 }];
const failed = { status: '500', upstream_status: '500' };

describe('samples of a slot', () => {
  const samples = (...entries: LogEntry[]): unknown => {
    const book = new SampleBook();
    book.add(entries);
    return book.samples(['green']);
  };

  test.each([
    ['an answer counts with its time', request(), { requests: 1, errors: 0, latencies: TOOK_11 }],
    [
      'a client error is an answer',
      request({ status: '404', upstream_status: '404' }),
      { errors: 0, latencies: TOOK_11 },
    ],
    ['an error counts without its time', request(failed), { requests: 1, errors: 1, latencies: [] }],
    [
      'a failure that the way behind it has made good is its own all the same, and so is the time',
      request({ upstream_status: '502, 200', response_time: '1.000, 0.004' }),
      { requests: 1, errors: 1, latencies: [] },
    ],
    [
      'the time is the slot’s, not that of a client who reads slowly',
      request({ request_time: '9.000' }),
      { latencies: TOOK_11 },
    ],
    [
      'a conversation has no time',
      request({ status: '101', upstream_status: '101' }),
      { requests: 1, latencies: [] },
    ],
    ["a tester's request is no user's", request({ kind: 'preview' }), { requests: 0 }],
    ['our own question is no user’s', request({ kind: 'probe' }), { requests: 0 }],
    ["another slot's request is not its own", request({ slot: 'blue' }), { requests: 0 }],
    ['a client that left says nothing', request({ status: '499', upstream_status: '-' }), { requests: 0 }],
    ['what nginx answered alone says nothing', request({ slot: '', upstream_status: '' }), { requests: 0 }],
  ])('%s', (_case, entry, expected) => expect(samples(entry)).toMatchObject(expected));

  test('a question that we ask a slot directly counts like a request', () => {
    const book = new SampleBook();
    for (const status of [200, 503, null]) book.addProbe('green', status, { at: 1, ms: 7 });
    expect(book.samples(['green'])).toMatchObject({ requests: 3, errors: 2, latencies: [{ at: 1, ms: 7 }] });
  });
});

describe('visitors', () => {
  const variant = (goal: Goal | null, ...entries: LogEntry[]): unknown => {
    const book = new SampleBook(goal);
    book.add(entries);
    return book.variant(['green']);
  };
  const SIGNUP: Goal = { path: '/signup', status: 201 };
  const signedUp = { uri: '/signup', status: '201', upstream_status: '201' };

  test('are people, however often they ask, who have kept the cookie', () => {
    const entries = [
      request(),
      request({ id: 'r2' }),
      request({ cohort: 'c2' }),
      request({ cohort: 'x', id: 'x' }),
    ];
    expect(variant(null, ...entries)).toEqual({ visitors: 2, reached: 0 });
  });

  test.each<[string, Goal, Record<string, string>, number]>([
    ['the path with its status', SIGNUP, signedUp, 1],
    ['the path with another status', SIGNUP, { ...signedUp, status: '422' }, 0],
    ['another path', SIGNUP, { ...signedUp, uri: '/signups' }, 0],
    ['the path, whatever the status below 400', { path: '/thanks' }, { uri: '/thanks', status: '302' }, 1],
    ['the path, failing', { path: '/thanks' }, { uri: '/thanks', status: '404' }, 0],
    ['what the app has named', { header: 'signup' }, { goal: 'signup' }, 1],
    ['what it has named otherwise', { header: 'signup' }, { goal: 'buy' }, 0],
    ['no goal, in an older log', { header: 'signup' }, {}, 0],
  ])('have reached a goal: %s', (_case, goal, fields, reached) =>
    expect(variant(goal, request(fields))).toEqual({ visitors: 1, reached }),
  );

  test('who reached it with their first request count when they come again, and once', () => {
    const first = request({ ...signedUp, cohort: 'n', id: 'n' });
    expect(variant(SIGNUP, first)).toEqual({ visitors: 0, reached: 0 });
    const again = request({ ...signedUp, cohort: 'n', id: 'r7' });
    expect(variant(SIGNUP, first, again, again)).toEqual({ visitors: 1, reached: 1 });
  });
});

test('users are hurt by what they saw failing, and not by what was made good or was never theirs', () => {
  const entries = [
    request({ ...failed, cohort: 'c1' }),
    request({ cohort: 'c2' }),
    request({ cohort: 'c3', upstream_status: '502, 200' }),
    request({ ...failed, cohort: 'c4', kind: 'preview' }),
    request({ ...failed, cohort: 'c5', slot: 'blue' }),
    request({ cohort: 'c6', status: '502', upstream_status: '502, 502' }),
  ];
  expect(hurtBy('green', entries)).toEqual(['c1', 'c6']);
});
