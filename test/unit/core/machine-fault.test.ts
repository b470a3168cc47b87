import { hadNoMemory, machineFault, releaseKilled } from '../../../deploy/core/machine-fault';
import { commandExit } from '../../support/command-exit';

const BUILD = 'The build (npm run build)';
const KILLED = { code: 'E_KILLED', fault: 'machine' };

describe('a command that was killed', () => {
  it.each([
    { exitCode: null, signal: 'SIGKILL' },
    { exitCode: 137 },
    {
      exitCode: 1,
      lastLines: [
        'A jest worker process (pid=4) was terminated by another process: signal=SIGKILL, exitCode=null.',
      ],
    },
    { exitCode: 1, lastLines: ['Next.js build worker exited with code: null and signal: SIGKILL'] },
    { exitCode: 1, lastLines: ['build: signal: killed'] },
    { exitCode: 2, lastLines: ['Killed'] },
    { exitCode: 101, lastLines: ['error: could not compile `app` (lib) (signal: 9, SIGKILL: kill)'] },
    { exitCode: 1, lastLines: ['collect2: fatal error: ld terminated with signal 9 [Killed]'] },
    { exitCode: 2, lastLines: ['make: *** [Makefile:2: all] Killed'] },
    { exitCode: 1, lastLines: ['build.sh: line 3: 4711 Killed                  node bundle.js'] },
  ])("is the machine's fault: %j", (end) => {
    expect(machineFault(BUILD, commandExit(end))).toMatchObject({
      ...KILLED,
      message: `${BUILD} was killed by SIGKILL (as little as 512 MB of memory was free)`,
    });
  });

  it.each([
    [{ exitCode: null, signal: 'SIGSEGV' }, 'SIGSEGV'],
    [{ exitCode: 139 }, 'SIGSEGV'],
    [{ exitCode: 143 }, 'SIGTERM'],
    [{ exitCode: 129 }, 'SIGHUP'],
    [{ exitCode: 152 }, 'SIGXCPU'],
  ])('names the signal of %j', (end, signal) => {
    expect(machineFault(BUILD, commandExit(end))?.message).toContain(`killed by ${signal} `);
  });

  it('says that the kernel was out of memory, and what to do', () => {
    const end = commandExit({ exitCode: 137, outOfMemory: true, leastMemory: 7 * 1024 ** 2 });
    expect(machineFault(BUILD, end)).toMatchObject({
      ...KILLED,
      message: `${BUILD} ran out of memory and was killed by SIGKILL (as little as 7 MB of memory was free)`,
      hint: 'Free memory on this machine, then: ./switchyard deploy',
    });
  });
});

describe('a command that ran out of memory', () => {
  it.each([
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    "  code: 'ERR_WORKER_OUT_OF_MEMORY'",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'fork: Cannot allocate memory',
    'Error: spawn ENOMEM',
    'RangeError: WebAssembly.Memory(): could not allocate memory',
    'cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes',
    'java.lang.OutOfMemoryError: Java heap space',
  ])("is the machine's fault: %s", (line) => {
    expect(machineFault(BUILD, commandExit({ lastLines: ['building', line, 'bye'] }))).toMatchObject(KILLED);
  });

  it("gets a hint about Node's own limit", () => {
    const lastLines = [
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      'Aborted',
    ];
    const fault = machineFault(BUILD, commandExit({ exitCode: 134, lastLines }));
    expect(fault?.message).toMatch(/killed by SIGABRT .*: FATAL ERROR: .* heap out of memory$/);
    expect(fault?.hint).toContain('--max-old-space-size');
  });
});

it.each([
  "Error: EMFILE: too many open files, open '/x'",
  'Error: spawn /bin/sh EAGAIN',
  'sh: 1: Cannot fork',
  'build.sh: fork: retry: Resource temporarily unavailable',
  'node[12]: pthread_create: Resource temporarily unavailable',
])("a command that met a limit of its user is the machine's fault: %s", (line) => {
  expect(machineFault(BUILD, commandExit({ lastLines: ['building', line, 'bye'] }))).toMatchObject({
    code: 'E_NO_ROOM',
    fault: 'machine',
    message: expect.stringContaining(line),
  });
});

it("a command that ran out of time is the machine's fault, and says how much memory was free", () => {
  const end = commandExit({ exitCode: null, signal: 'SIGKILL', timedOut: true });
  expect(machineFault(BUILD, end, { seconds: 600, name: 'limits.build' })).toMatchObject({
    code: 'E_TIMEOUT',
    fault: 'machine',
    message: `${BUILD} took longer than 600 s (limits.build); as little as 512 MB of memory was free.`,
  });
});

describe('a command that reached no other machine', () => {
  it.each([
    'Error: getaddrinfo EAI_AGAIN fonts.host',
    'FetchError: request to https://a.host/x failed, reason: getaddrinfo ENOTFOUND a.host',
    'curl: (6) Could not resolve host: a.host',
    'connect ENETUNREACH 192.0.2.1:443',
    'Error: connect ECONNREFUSED 10.0.0.5:5432',
    'dial tcp: lookup a.host: no such host',
  ])("is the machine's fault: %s", (line) => {
    expect(machineFault(BUILD, commandExit({ lastLines: [line] }))).toMatchObject({
      code: 'E_NETWORK',
      fault: 'machine',
    });
  });

  it.each([
    'Error: connect ECONNREFUSED 127.0.0.1:5432',
    'Error: connect ECONNREFUSED ::1:5432',
    'connect ECONNREFUSED /var/run/app.sock',
    'Error: getaddrinfo ENOTFOUND nowhere.invalid',
  ])("is not the machine's fault for its own addresses and reserved names: %s", (line) => {
    expect(machineFault(BUILD, commandExit({ lastLines: [line] }))).toBeNull();
  });
});

it.each([
  { exitCode: 0, lastLines: ['retried after ENOMEM'] },
  { exitCode: 1, lastLines: ['AssertionError: 1 is not 2'] },
  { exitCode: 4, lastLines: ['SIGTERM', 'the child ended on signal SIGKILL'] },
  { exitCode: 127, lastLines: ['sh: 1: tsc: not found'] },
])("any other failure of a command is the commit's fault: %j", (end) => {
  expect(machineFault(BUILD, commandExit(end))).toBeNull();
});

describe('a new release that exited', () => {
  const free = { leastMemory: 512 * 1024 ** 2, outOfMemory: false };
  const ended = (end: { exitCode: number | null; signal?: string }, memory = free) =>
    releaseKilled('c0ffee0 in blue', end, memory);

  it.each([
    [{ exitCode: null, signal: 'SIGKILL' }, 'SIGKILL'],
    [{ exitCode: 137 }, 'SIGKILL'],
    [{ exitCode: null, signal: 'SIGTERM' }, 'SIGTERM'],
    [{ exitCode: 143 }, 'SIGTERM'],
    [{ exitCode: null, signal: 'SIGHUP' }, 'SIGHUP'],
  ])('by %j is not at fault', (end, signal) => {
    expect(ended(end)).toMatchObject({
      ...KILLED,
      message: `c0ffee0 in blue was killed by ${signal} (as little as 512 MB of memory was free)`,
    });
  });

  it.each([
    { exitCode: 0 },
    { exitCode: 1 },
    { exitCode: null },
    { exitCode: null, signal: 'SIGSEGV' },
    { exitCode: null, signal: 'SIGABRT' },
    { exitCode: 134 },
    { exitCode: 139 },
  ])('by %j is at fault', (end) => {
    expect(ended(end)).toBeNull();
  });

  it('says that the machine was out of memory, and what to do', () => {
    expect(ended({ exitCode: 137 }, { leastMemory: 1024 ** 2, outOfMemory: true })).toMatchObject({
      message: expect.stringMatching(/SIGKILL: the machine ran out of memory \(as little as 1 MB/) as string,
      hint: 'Free memory on this machine, then: ./switchyard deploy',
    });
  });

  it('has met the limit of its container if the machine had memory left', () => {
    expect(hadNoMemory({ leastMemory: 512 * 1024 ** 2, outOfMemory: true })).toBe(false);
    expect(hadNoMemory({ leastMemory: 1024 ** 2, outOfMemory: true })).toBe(true);
    expect(hadNoMemory({ leastMemory: 1024 ** 2, outOfMemory: false })).toBe(false);
  });
});
