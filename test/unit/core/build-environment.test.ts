import { nodeInWords, whyIncompatible } from '../../../deploy/core/build-environment';

const HERE = {
  node: 'v24.1.0',
  abi: '137',
  platform: 'linux',
  arch: 'x64',
  libc: 'glibc',
  packageManager: 'npm@11.6.1',
} as const;

test('a release fits the environment that built it', () => {
  expect(whyIncompatible(HERE, HERE)).toBeNull();
});

test('a patch version of Node and a minor version of npm make no difference', () => {
  expect(whyIncompatible({ ...HERE, node: 'v24.0.2', packageManager: 'npm@11.0.0' }, HERE)).toBeNull();
});

test.each([
  [{ node: 'v20.19.0', abi: '115' }, 'built with Node 20 (ABI 115), and this is Node 24 (ABI 137)'],
  [{ arch: 'arm64' }, 'built for linux on arm64, and this is linux on x64'],
  [{ platform: 'darwin' }, 'built for darwin on x64, and this is linux on x64'],
  [{ libc: 'musl' as const }, 'built for musl, and this machine has glibc'],
  [{ packageManager: 'npm@10.8.2' }, 'its packages were installed by npm@10.8.2, and this is npm@11.6.1'],
  [{ packageManager: 'pnpm@11.0.0' }, 'its packages were installed by pnpm@11.0.0, and this is npm@11.6.1'],
])('a release built with %j does not fit', (built, why) => {
  expect(whyIncompatible({ ...HERE, ...built }, HERE)).toBe(why);
});

test("an older Switchyard's manifest is compared by the major version of Node", () => {
  expect(whyIncompatible({ node: 'v24.0.0' }, HERE)).toBeNull();
  expect(whyIncompatible({ node: 'v20.0.0' }, HERE)).toBe(
    'built with Node 20, and this is Node 24 (ABI 137)',
  );
});

test('an unknown package manager makes no difference', () => {
  expect(whyIncompatible(HERE, { ...HERE, packageManager: undefined })).toBeNull();
});

test('Node is named with its ABI if that is known', () => {
  expect(nodeInWords(HERE)).toBe('Node 24 (ABI 137)');
  expect(nodeInWords({ node: 'v20.1.0' })).toBe('Node 20');
});
