import { checkNode, checkPlatform, checkTools } from '../../../scripts/lib/machine';

describe('the version of Node', () => {
  it.each(['v20.0.0', 'v20.20.2', 'v26.1.0-nightly', 'v100.0.0'])('%s is accepted', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['v19.9.0', 'v16.20.2', 'v0.12.18', 'v2.0.0', 'unknown'])('%s is too old', (version) => {
    expect(() => checkNode(version)).toThrow(
      expect.objectContaining({
        code: 'E_NODE_TOO_OLD',
        message: `Switchyard needs Node 20 or newer, and this is ${version}.`,
      }),
    );
  });
});

it('Switchyard runs on Linux only', () => {
  expect(() => checkPlatform('linux')).not.toThrow();
  expect(() => checkPlatform('darwin')).toThrow(expect.objectContaining({ code: 'E_NOT_LINUX' }));
});

it('a missing tool is an error of its own', () => {
  expect(() => checkTools({ PATH: process.env.PATH })).not.toThrow();
  expect(() => checkTools({ PATH: '/nowhere' })).toThrow(expect.objectContaining({ code: 'E_NO_GIT' }));
});
