import { imageFailure } from '../../../../deploy/release/artifact/image-failure';
import { commandExit } from '../../../support/command-exit';

/** The end of the builder's output: the output of the step, its repetition in a frame, and the builder's error. */
function builder(command: string, code: number, ...output: string[]): string[] {
  return [
    '#12 [build 5/5] RUN something',
    ...output.map((line) => `#12 0.831 ${line}`),
    `#12 ERROR: executor failed running [/bin/sh -c ${command}]: exit code: ${code}`,
    '------',
    ' > [blue build 5/5] RUN something:',
    ...output.map((line) => `#12 0.831 ${line}`),
    '------',
    `failed to solve: executor failed running [/bin/sh -c ${command}]: exit code: ${code}`,
  ];
}

const BUILD = 'nice -n 10 sh -c "$BUILD" && rm -f .npmrc';
const failure = (lastLines: string[]): object =>
  imageFailure(commandExit({ lastLines }), { build: ['npm', 'run', 'build'] }, 7);

it('a failed image build is reported with the same message as a failed build under PM2', () => {
  expect(failure(builder(BUILD, 2, "app/page.ts(3,1): error TS2304: Cannot find name 'x'."))).toMatchObject({
    code: 'E_BUILD',
    message:
      "The build (npm run build) exited with code 2: app/page.ts(3,1): error TS2304: Cannot find name 'x'.",
    hint: 'Read its output: ./switchyard logs 7',
  });
});

it('a failed install is reported as one, and may be the fault of the registry', () => {
  const install = 'nice -n 10 npm ci --omit=dev && mkdir -p node_modules';
  expect(
    failure(builder(install, 1, 'npm error code ENOTFOUND', 'npm error network request failed')),
  ).toMatchObject({
    code: 'E_INSTALL_MACHINE',
    message: 'npm ci failed: network request failed',
  });
  expect(failure(builder(install, 1, 'npm error code E404', 'npm error 404 nothing there'))).toMatchObject({
    code: 'E_INSTALL',
  });
  const lock = 'npm error The `npm ci` command can only install with an existing package-lock.json or';
  expect(failure(builder(install, 1, 'npm error code EUSAGE', lock))).toMatchObject({
    code: 'E_INSTALL',
    message: 'This commit has no package-lock.json.',
  });
});

it('a missing start file is named', () => {
  const message = 'This commit has no app/nothing.js, which app.start names.';
  expect(failure(builder('[ -f "$START" ] || { echo …; exit 1; }', 1, message))).toMatchObject({
    code: 'E_BUILD',
    message,
  });
});

it('a failed build is not confused with a missing start file, even in one command', () => {
  const both = 'nice -n 10 sh -c "$BUILD" && { [ -f "$START" ] || { echo …; exit 1; }; }';
  const message = 'This commit has no app/nothing.js, which app.start names.';
  expect(failure(builder(both, 1, 'error: 3 warnings', message))).toMatchObject({ message });
  expect(failure(builder(both, 2, 'error: it broke'))).toMatchObject({
    message: expect.stringMatching(/^The build .*exited with code 2: .*it broke/) as string,
  });
});

it('the timestamp that the builder puts before repeated output is stripped', () => {
  const message = 'This commit has no app/nothing.js, which app.start names.';
  const repeated = [...builder('[ -f "$START" ] || { echo …; exit 1; }', 1, message), `0.077 ${message}`];
  expect(failure(repeated)).toMatchObject({ message });
});

it('a killed step or builder is a fault of the machine', () => {
  const killed = { code: 'E_KILLED', fault: 'machine' };
  const install = 'nice -n 10 npm ci --omit=dev';
  for (const command of [BUILD, install, 'make'])
    expect(failure(builder(command, 137))).toMatchObject(killed);
  const end = commandExit({ exitCode: null, signal: 'SIGKILL' });
  expect(imageFailure(end, { build: null }, 7)).toMatchObject(killed);
});

it('a build without a network is a fault of the machine', () => {
  expect(failure(builder(BUILD, 1, 'Error: getaddrinfo EAI_AGAIN fonts.host'))).toMatchObject({
    code: 'E_NETWORK',
    fault: 'machine',
  });
});

it('a full disk is reported as such in any step', () => {
  expect(failure(builder(BUILD, 1, 'Error: ENOSPC: no space left on device, write'))).toMatchObject({
    code: 'E_DISK',
  });
});

it('a failure names the image registry, the engine or an invalid Dockerfile', () => {
  const solve = 'failed to solve: rpc error: code = Unknown desc =';
  const base = `${solve} failed to do request: Head "https://registry-1.docker.io/v2/x": no such host`;
  expect(failure([base])).toMatchObject({ code: 'E_INSTALL_MACHINE', fault: 'machine' });
  const parse = `${solve} failed to create LLB definition: dockerfile parse error line 1: unknown instruction: FOO`;
  expect(failure([parse])).toMatchObject({ code: 'E_IMAGE', fault: 'commit' });
  const down =
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
  expect(failure([down])).toMatchObject({ code: 'E_ENGINE', fault: 'machine' });
  expect(failure(builder('touch /x', 1, 'touch: cannot touch /x: Permission denied'))).toMatchObject({
    code: 'E_IMAGE',
    message: 'The image could not be built: touch: cannot touch /x: Permission denied',
  });
});
