import { recordsOf, summarize, type Outcome } from '../../../scripts/lib/results';

function file(suite: string, tests: [fullName: string, status: string][], more: object = {}): object {
  const testResults = tests.map(([fullName, status]) => ({ fullName, status }));
  const perfStats = { start: 1000, end: 3400 };
  return {
    displayName: { name: suite },
    testFilePath: `/clone/test/${suite}/a.test.ts`,
    perfStats,
    testResults,
    ...more,
  };
}

function summary(files: object[], suites: string[], pattern?: string): { lines: string[]; ok: boolean } {
  return summarize(recordsOf(files, pattern), suites);
}

describe('the summary of npm test', () => {
  it('ends with one line for all suites', () => {
    const unit = file('unit', [
      ['a', 'passed'],
      ['b', 'passed'],
    ]);
    const { lines, ok } = summary([unit, file('e2e', [['c', 'passed']])], ['unit', 'e2e']);
    expect(lines).toEqual([
      '',
      'unit  2 passed, 0 failed, 0 skipped, 2.4 s',
      'e2e   1 passed, 0 failed, 0 skipped, 2.4 s',
      '',
      '3 passed, 0 failed, 0 skipped',
    ]);
    expect(ok).toBe(true);
  });

  it('names a failed test and is not ok', () => {
    const { lines, ok } = summary(
      [
        file('unit', [
          ['a', 'passed'],
          ['b', 'failed'],
        ]),
      ],
      ['unit'],
    );
    expect(lines).toContain('  unit: b');
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
    expect(ok).toBe(false);
  });

  it('shows the start of each failure right before its last line, without colours', () => {
    const failed = {
      fullName: 'b',
      status: 'failed',
      failureMessages: ['\x1b[31m✗ NOT LIVE\x1b[39m\n\nwhy\n\n  what to do\nall of it', 'and another'],
    };
    const { lines } = summary(
      [file('unit', [['a', 'passed']]), file('e2e', [['c', 'pending']], { testResults: [failed] })],
      ['unit', 'e2e'],
    );
    expect(lines.slice(-7)).toEqual([
      'failed:',
      '  e2e: b',
      '      ✗ NOT LIVE',
      '      why',
      '        what to do',
      '',
      '1 passed, 1 failed, 0 skipped',
    ]);
  });

  it('counts a file that could not be run as a failure', () => {
    const { lines, ok } = summary([file('unit', [], { testExecError: { message: 'syntax' } })], ['unit']);
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(lines.slice(-4, -2)).toEqual([
      '  unit: /clone/test/unit/a.test.ts could not be run',
      '      syntax',
    ]);
    expect(ok).toBe(false);
  });

  it('is not ok when no test ran, and names the empty suite', () => {
    const { lines, ok } = summary([], ['unit']);
    expect(lines).toContain('unit  no test ran');
    expect(ok).toBe(false);
  });

  it('is not ok when every test was skipped', () => {
    expect(summary([file('unit', [['a', 'pending']])], ['unit']).ok).toBe(false);
  });

  it('shows leftovers of the run, which belong to no suite', () => {
    const left: Outcome = { suite: 'left behind', name: 'process 7: nginx', status: 'failed' };
    const { lines, ok } = summarize([left], []);
    expect(lines).toContain('left behind  0 passed, 1 failed, 0 skipped');
    expect(ok).toBe(false);
  });
});

describe('a skipped test', () => {
  it('is listed by name with what the machine lacks', () => {
    const title = 'the compose runtime [needs a Docker engine: docker is not installed] starts a slot';
    expect(summary([file('integration', [[title, 'pending']])], ['integration']).lines).toContain(
      '  integration: the compose runtime starts a slot (needs a Docker engine: docker is not installed)',
    );
  });

  it('without a reason is listed as such', () => {
    const tests: [string, string][] = [
      ['a', 'pending'],
      ['b', 'todo'],
    ];
    const { lines } = summary([file('unit', tests)], ['unit']);
    expect(lines).toContain('  unit: a (no reason given)');
    expect(lines).toContain('  unit: b (still to be written)');
  });

  it('is not a test that -t leaves out', () => {
    const tests: [string, string][] = [
      ['shifts', 'passed'],
      ['drains', 'pending'],
    ];
    expect(summary([file('unit', tests)], ['unit'], 'SHIFT').lines.at(-1)).toBe(
      '1 passed, 0 failed, 0 skipped',
    );
  });
});
