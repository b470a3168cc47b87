import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { homeAt, type Home } from '../../../deploy/home/home';
import {
  countRequests,
  logPosition,
  parseLine,
  readRequests,
  type LogEntry,
} from '../../../deploy/traffic/access-log';

/** A line in the format of nginx. */
const line = (fields: Record<string, string> = {}): string =>
  `${JSON.stringify({
    time: '1795356670.592',
    kind: 'app',
    method: 'GET',
    uri: '/',
    status: '200',
    slot: 'blue',
    table: '/home/tables/active-blue.standby-none',
    upstream: '127.0.0.1:8080',
    upstream_status: '200',
    request_time: '0.012',
    response_time: '0.011',
    cohort: '',
    client: '07.93',
    goal: '',
    id: 'a1',
    ...fields,
  })}\n`;

const entry = (fields: Record<string, string> = {}): LogEntry => {
  const parsed = parseLine(line(fields));
  if (!parsed) throw new Error('not a line');
  return parsed;
};

describe('a line of the access log', () => {
  test('is parsed into numbers and text', () => {
    expect(entry()).toEqual({
      at: 1795356670592,
      kind: 'app',
      method: 'GET',
      uri: '/',
      status: 200,
      slot: 'blue',
      table: 'active-blue.standby-none',
      maintenance: false,
      upstreams: ['127.0.0.1:8080'],
      upstreamStatuses: [200],
      upstreamMs: [11],
      ms: 12,
      id: 'a1',
      cohort: '',
      returning: false,
      client: '07.93',
      goal: '',
      isEventStream: false,
    });
  });

  test('distinguishes returning users from new ones, and has the goal that the app named', () => {
    expect(entry({ cohort: 'a1', id: 'a1' })).toMatchObject({ cohort: 'a1', returning: false });
    expect(entry({ cohort: 'a1', id: 'b2', goal: 'signup' })).toMatchObject({
      returning: true,
      goal: 'signup',
    });
  });

  test('in an older format is parsed as far as possible', () => {
    const { cohort, returning, goal, response_time, ...old } = JSON.parse(line()) as Record<string, string>;
    expect(parseLine(JSON.stringify(old))).toMatchObject({
      cohort: '',
      returning: false,
      goal: '',
      upstreamMs: [],
    });
  });

  test('names every upstream that was tried, in order', () => {
    const { upstreams, upstreamStatuses, upstreamMs } = entry({
      upstream: '127.0.0.1:8080, unix:/home/nginx/after-blue.sock',
      upstream_status: '502, 201',
      response_time: '-, 0.004',
    });
    expect(upstreamMs).toEqual([null, 4]);
    expect(upstreams).toEqual(['127.0.0.1:8080', 'unix:/home/nginx/after-blue.sock']);
    expect(upstreamStatuses).toEqual([502, 201]);
  });

  test('has no slot when no slot got the request', () => {
    expect(entry({ slot: '', upstream: '', upstream_status: '' })).toMatchObject({
      slot: null,
      upstreams: [],
      upstreamStatuses: [],
    });
  });

  test('is null when it is cut off or has another format', () => {
    expect(parseLine(line().slice(0, 40))).toBeNull();
    expect(parseLine('')).toBeNull();
    expect(parseLine('null')).toBeNull();
  });
});

describe('countRequests', () => {
  test('counts what the client saw failing, but not a client that left', () => {
    const entries = ['200', '404', '499', '500', '502', '503'].map((status) => entry({ status }));
    expect(countRequests(entries)).toMatchObject({ served: 6, failed: 3 });
  });

  test("excludes the deployer's pages and our own probes", () => {
    const entries = [
      entry(),
      entry({ kind: 'deploy', status: '503' }),
      entry({ kind: 'probe', status: '503' }),
    ];
    expect(countRequests(entries)).toMatchObject({
      served: 1,
      failed: 0,
      turnedAway: 0,
      slots: [{ slot: 'blue', requests: 1, errors: 0 }],
    });
  });

  test('counts the first answer for the slot, even if the backup answered the client', () => {
    const saved = entry({ upstream: '127.0.0.1:8080, unix:/a.sock', upstream_status: '502, 200' });
    expect(countRequests([saved, entry()])).toMatchObject({
      served: 2,
      failed: 0,
      turnedAway: 0,
      slots: [{ slot: 'blue', requests: 2, errors: 1 }],
    });
  });

  test.each([
    ['500', '500', 1],
    ['502', '502', 1],
    ['504', '504', 1],
    ['500', '-', 1],
    ['499', '-', 0],
    ['404', '404', 0],
    ['200', '200', 0],
  ])('counts a request with status %s, and %s from its slot, as %i errors', (status, first, errors) => {
    expect(countRequests([entry({ status, upstream_status: first })]).slots[0]?.errors).toBe(errors);
  });

  test('counts the maintenance page as turned away, not as failed', () => {
    const page = entry({ uri: '/switchyard-maintenance.html', status: '503', slot: '', upstream: '' });
    expect(countRequests([page, entry(), entry({ status: '503' })])).toMatchObject({
      served: 3,
      failed: 1,
      turnedAway: 1,
    });
  });

  test('attributes a request that nginx answered itself to no slot', () => {
    const refused = entry({ status: '413', upstream: '', upstream_status: '' });
    const noSlot = entry({ status: '503', slot: '', upstream: '', upstream_status: '' });
    expect(countRequests([refused, noSlot])).toMatchObject({
      served: 2,
      failed: 1,
      turnedAway: 0,
      slots: [],
    });
  });

  test('counts each slot on its own', () => {
    const entries = [
      entry(),
      entry({ slot: 'green' }),
      entry({ slot: 'green', upstream_status: '500', status: '500' }),
    ];
    expect(countRequests(entries).slots).toMatchObject([
      { slot: 'blue', requests: 1, errors: 0 },
      { slot: 'green', requests: 2, errors: 1 },
    ]);
  });
});

describe('a reader of the access log', () => {
  let home: Home;
  const uris = (from = { inode: 0, offset: 0 }): string[] =>
    readRequests(home, from).requests.map(({ uri }) => uri);
  beforeEach(() => {
    home = homeAt(mkdtempSync(path.join(tmpdir(), 'switchyard-log-')));
    mkdirSync(home.logs);
  });
  afterEach(() => rmSync(home.dir, { recursive: true }));

  test('continues where the last read stopped', () => {
    writeFileSync(home.accessLog, line({ uri: '/1' }));
    const from = logPosition(home);
    appendFileSync(home.accessLog, line({ uri: '/2' }));
    const first = readRequests(home, from);
    appendFileSync(home.accessLog, line({ uri: '/3' }));
    expect(first.requests.map(({ uri }) => uri)).toEqual(['/2']);
    expect(uris(first.position)).toEqual(['/3']);
  });

  test('leaves a line that is still being written for the next time', () => {
    const [start, rest] = [line({ uri: '/ü' }).slice(0, 60), line({ uri: '/ü' }).slice(60)];
    writeFileSync(home.accessLog, line({ uri: '/é' }) + start);
    const first = readRequests(home, { inode: 0, offset: 0 });
    expect(first.requests.map(({ uri }) => uri)).toEqual(['/é']);
    appendFileSync(home.accessLog, rest);
    expect(uris(first.position)).toEqual(['/ü']);
  });

  test('reads the rest of a rotated log, late lines in it, and the new log', () => {
    writeFileSync(home.accessLog, line({ uri: '/1' }) + line({ uri: '/2' }));
    const from = logPosition(home);
    appendFileSync(home.accessLog, line({ uri: '/3' }));
    renameSync(home.accessLog, `${home.accessLog}.1`);
    expect(uris(from)).toEqual(['/3']);
    writeFileSync(home.accessLog, line({ uri: '/4' }));
    const { requests, position } = readRequests(home, from);
    expect(requests.map(({ uri }) => uri)).toEqual(['/3', '/4']);

    appendFileSync(`${home.accessLog}.1`, line({ uri: '/late' }));
    appendFileSync(home.accessLog, line({ uri: '/5' }));
    expect(uris(position)).toEqual(['/late', '/5']);
    expect(uris(from)).toEqual(['/3', '/late', '/4', '/5']);
  });

  test('reads across two rotations', () => {
    writeFileSync(home.accessLog, line({ uri: '/1' }));
    const from = logPosition(home);
    for (const [older, uri] of [
      [1, '/2'],
      [1, '/3'],
    ] as const) {
      if (uri === '/3') renameSync(`${home.accessLog}.1`, `${home.accessLog}.2`);
      renameSync(home.accessLog, `${home.accessLog}.${older}`);
      writeFileSync(home.accessLog, line({ uri }));
    }
    expect(uris(from)).toEqual(['/2', '/3']);
  });

  test('reads late lines of a log that was rotated just before the first read', () => {
    writeFileSync(`${home.accessLog}.1`, line({ uri: '/1' }));
    for (const emptyLogIsThere of [false, true]) {
      if (emptyLogIsThere) writeFileSync(home.accessLog, '');
      const from = logPosition(home);
      appendFileSync(`${home.accessLog}.1`, line({ uri: '/late' }));
      expect(uris(from)).toEqual(['/late']);
    }
  });

  test('starts over when the log was emptied or its position no longer exists', () => {
    writeFileSync(home.accessLog, line({ uri: '/1' }) + line({ uri: '/2' }));
    const from = logPosition(home);
    writeFileSync(home.accessLog, line({ uri: '/6' }));
    expect(uris(from)).toEqual(['/6']);
    expect(uris({ inode: 1, offset: 7 })).toEqual(['/6']);
  });

  test('finds nothing before there is a log', () => {
    const from = logPosition(home);
    expect(readRequests(home, from).requests).toEqual([]);
    writeFileSync(home.accessLog, line({ uri: '/1' }));
    expect(uris(from)).toEqual(['/1']);
  });

  test('skips a line that a full disk cut off', () => {
    writeFileSync(home.accessLog, `${line().slice(0, 30)}\n${line({ uri: '/2' })}`);
    expect(uris()).toEqual(['/2']);
  });
});

test('requests are counted by client address too, over all slots of a release', () => {
  const entries = [entry({ client: '00.01' }), entry({ client: '00.02', upstream_status: '500' }), entry()];
  expect(countRequests(entries).slots).toEqual([
    {
      slot: 'blue',
      requests: 3,
      errors: 1,
      clients: new Map([
        ['00.01', { requests: 1, errors: 0 }],
        ['00.02', { requests: 1, errors: 1 }],
        ['07.93', { requests: 1, errors: 0 }],
      ]),
    },
  ]);
});
