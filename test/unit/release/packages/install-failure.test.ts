import type { KnownError } from '../../../../deploy/core/errors';
import { installFailure } from '../../../../deploy/release/packages/install-failure';
import { commandExit } from '../../../support/command-exit';

const failed = (exitCode: number, lastLines: string[], unset: string[] = []): KnownError =>
  installFailure(commandExit({ exitCode, lastLines }), undefined, unset);

const npm = (...lines: string[]): string[] => [
  ...lines.map((line) => `npm error ${line}`),
  'npm error A complete log of this run can be found in: /root/.npm/_logs/debug-0.log',
];

describe('an install that failed', () => {
  test.each([
    [
      'ENOTFOUND',
      'network request to https://registry.example/x failed, reason: getaddrinfo ENOTFOUND registry.example',
    ],
    [
      'ECONNREFUSED',
      'request to http://127.0.0.1:4873/x failed, reason: connect ECONNREFUSED 127.0.0.1:4873',
    ],
    ['E503', '503 Service Unavailable - GET https://registry.example/x'],
    ['ETIMEDOUT', 'request to https://registry.example/x failed'],
    ['ECONNRESET', 'aborted'],
    ['EAI_AGAIN', 'request to https://registry.example/x failed'],
  ])('with %s is a fault of the machine', (code, reason) => {
    const error = failed(1, npm(`code ${code}`, 'errno 1', `${reason}`));
    expect(error).toMatchObject({
      code: 'E_INSTALL_MACHINE',
      fault: 'machine',
      message: `npm ci failed: ${reason}`,
    });
  });

  test('for lack of space is reported as a full disk', () => {
    const error = failed(
      1,
      npm('code ENOSPC', 'syscall write', 'nospc ENOSPC: no space left on device, write'),
    );
    expect(error).toMatchObject({ code: 'E_DISK', fault: 'machine' });
  });

  test('because of an outdated lockfile is a fault of the commit, with a hint', () => {
    const error = failed(
      1,
      npm(
        'code EUSAGE',
        '',
        '`npm ci` can only install packages when your package.json and package-lock.json are in sync.',
        '',
        'Missing: qs@6.0.0 from lock file',
      ),
    );
    expect(error).toMatchObject({
      code: 'E_INSTALL',
      fault: 'commit',
      hint: 'Run npm install and commit package-lock.json.',
    });
    expect(error.message).toBe(
      'package-lock.json does not fit package.json: Missing: qs@6.0.0 from lock file',
    );
  });

  test.each([
    [commandExit({ exitCode: null, signal: 'SIGKILL' }), 'npm ci was killed by SIGKILL (as little as 512 MB'],
    [commandExit({ exitCode: 137, lastLines: npm('signal SIGKILL') }), 'npm ci was killed by SIGKILL'],
    [
      commandExit({ lastLines: npm('code 1', 'signal SIGKILL', 'command sh -c node-gyp rebuild') }),
      'SIGKILL',
    ],
    [
      commandExit({ lastLines: npm('c++: fatal error: Killed signal terminated program cc1plus') }),
      'SIGKILL',
    ],
  ])('with a killed process is a fault of the machine: %j', (end, message) => {
    expect(installFailure(end)).toMatchObject({
      code: 'E_KILLED',
      fault: 'machine',
      message: expect.stringContaining(message) as string,
    });
  });

  test('because the host of a package cannot be reached is a fault of the machine', () => {
    const git = "fatal: unable to access 'https://git.host/a/b/': Could not resolve host: git.host";
    for (const line of [
      git,
      'error: getaddrinfo EAI_AGAIN binaries.host',
      'ssh: Could not resolve hostname git.host',
    ])
      expect(failed(1, npm('code 128', line))).toMatchObject({ code: 'E_INSTALL_MACHINE' });
  });

  test.each([
    ['ECONNABORTED', 'aborted'],
    ['ENEEDAUTH', 'need auth This command requires you to be logged in'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
    ['FETCH_ERROR', 'invalid json response body at https://npm.example/x reason: Unexpected token <'],
    ['ECONN', 'network request to https://npm.example/x failed, reason: socket hang up'],
    ['128', 'git@git.example: Permission denied (publickey).'],
    ['128', "fatal: could not read Username for 'https://git.example': terminal prompts disabled"],
    ['128', 'Host key verification failed.'],
  ])('because this machine does not get a package is a fault of the machine: %s %s', (code, reason) => {
    expect(failed(1, npm(`code ${code}`, reason))).toMatchObject({ code: 'E_INSTALL_MACHINE' });
  });

  test('because of a package that does not exist is a fault of the commit', () => {
    const error = failed(
      1,
      npm('code E404', '404 Not Found - GET https://registry.example/no-such - Not found'),
    );
    expect(error).toMatchObject({ code: 'E_INSTALL', fault: 'commit' });
    expect(error.message).toContain('404 Not Found');
  });

  test.each([
    ['E401', '401 Unauthorized - GET https://npm.example/x'],
    ['E404', "404 Not Found - GET https://npm.example/x - 'x@1.0.0' is not in this registry."],
    ['ERR_INVALID_URL', 'Invalid URL'],
  ])('by %s names the unset variable of .npmrc, and the command that sets it', (code, reason) => {
    const error = failed(1, npm(`code ${code}`, reason), ['NPM_TOKEN', 'OTHER']);
    expect(error).toMatchObject({
      code: 'E_ENV',
      fault: 'operator',
      message: `.npmrc refers to NPM_TOKEN, which is not set for the install: npm ci failed: ${reason}`,
      hint: 'Set it, then deploy again: ./switchyard env set --for install NPM_TOKEN && ./switchyard deploy',
    });
  });

  test('for another reason is not blamed on an unset variable', () => {
    const error = failed(1, npm('code ENOTFOUND', 'getaddrinfo ENOTFOUND x'), ['NPM_TOKEN']);
    expect(error).toMatchObject({ code: 'E_INSTALL_MACHINE' });
    expect(failed(1, npm('code EUSAGE', 'in sync'), ['NPM_TOKEN'])).toMatchObject({
      fault: 'commit',
    });
  });

  test('without any output is reported by its exit code', () => {
    expect(failed(7, []).message).toBe('npm ci failed with code 7');
  });
});
