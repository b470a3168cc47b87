import { failureLine } from '../../../deploy/core/failure-line';

test('a crash of Node is reported by its exception, not by its location', () => {
  const output = `
/home/releases/a1/dist/server.js:3
throw new TypeError('no database');
^

TypeError: no database
    at Object.<anonymous> (/home/releases/a1/dist/server.js:3:7)
    at node:internal/main/run_main_module:28:49

Node.js v20.20.2`;
  expect(failureLine(output.split('\n'))).toBe('TypeError: no database');
});

test('a port in use is reported by the error, not by the lines after it', () => {
  const output = `Error: listen EADDRINUSE: address already in use 127.0.0.1:8081
    at Server.setupListenHandle [as _listen2] (node:net:1817:16)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1796:8) {
  code: 'EADDRINUSE',
  errno: -98,
}`;
  expect(failureLine(output.split('\n'))).toBe(
    'Error: listen EADDRINUSE: address already in use 127.0.0.1:8081',
  );
});

test('a missing package is reported by its name', () => {
  const output = `Error: Cannot find module 'pg'
Require stack:
- /home/releases/a1/dist/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1140:15) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/home/releases/a1/dist/server.js' ]
}`;
  expect(failureLine(output.split('\n'))).toBe("Error: Cannot find module 'pg'");
});

test('a failed test is reported by its name, not by the summary', () => {
  const output = [
    '  ● messages › keeps a message',
    '',
    'Tests:       1 failed, 41 passed, 42 total',
    'Time: 2 s',
  ];
  expect(failureLine(output)).toBe('● messages › keeps a message');
});

test('a compiler error is reported with its location', () => {
  const output = [
    "app/app.ts(3,5): error TS2304: Cannot find name 'foo'.",
    '',
    'Found 1 error in app/app.ts:3',
  ];
  expect(failureLine(output)).toBe("app/app.ts(3,5): error TS2304: Cannot find name 'foo'.");
});

test("npm's frame around a failure is skipped", () => {
  const output = [
    'npm error code E404',
    'npm error 404 Not Found: left-pat',
    'npm error A complete log of this run can be found in: /root/.npm/_logs/x.log',
  ];
  expect(failureLine(output)).toBe('npm error 404 Not Found: left-pat');
});

test('the last line is reported when no line looks like an error', () => {
  expect(failureLine(['listening', 'bye', ''])).toBe('bye');
  expect(failureLine([])).toBe('');
  expect(failureLine(['', '   '])).toBe('');
});

test('output of an app reaches a terminal as plain text only', () => {
  const coloured = '\u001b[31mError: \u001b[1mboom\u001b[0m';
  const escapes = '\u001b[2J\u001b]0;your title\u0007\u009b1AError: boom\u0008\u0000\r';
  expect(failureLine([coloured])).toBe('Error: boom');
  expect(failureLine([escapes])).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(failureLine([escapes])).toContain('Error: boom');
});

test('a very long line is truncated', () => {
  const line = failureLine([`Error: ${'x'.repeat(5000)}`]);
  expect(line).toHaveLength(200);
  expect(line.endsWith('…')).toBe(true);
});

test("a crash without output quotes neither Switchyard's own line, nor npm's, nor the previous release", () => {
  const start = '--- 2026-01-02T03:04:05.678Z a1b2c3d starts on port 8081';
  expect(failureLine(['Error: the release before', start])).toBe('');
  // an app may be killed in the middle of a line
  expect(failureLine(['Error: the release before', `connecting… ${start}`])).toBe('');
  expect(failureLine([start, '', '> app@1.0.0 start', '> node server.js', ''])).toBe('');
  expect(failureLine(['Error: the release before', start, 'listening'])).toBe('listening');
});
