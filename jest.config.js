const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

// Every suite compiles with swc: types are checked by `npm run check`, once, and not by each test.
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
  ],
};

const project = (displayName, folder, more) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/${folder}/**/*.test.{js,ts}`],
  transform,
  setupFilesAfterEnv: ['<rootDir>/test/support/jest-setup.ts'],
  // jest looks every global up in a machine of its own, and tests of chance do so millions of times
  sandboxInjectedGlobals: ['Math', 'Infinity'],
  ...more,
});

/** Tests for Node's own runner, which an app of one's own may have, are not jest's. As patterns. */
const testsForNode = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => /\.test\.[jt]s$/.test(name) && !name.includes('node_modules'))
    .map((name) => path.join(folder, name))
    .filter((file) => /['"]node:test['"]/.test(readFileSync(file, 'utf8')))
    .map((file) => file.replace(/[^\w/]/g, '\\$&'));

const app = path.join(__dirname, 'app');
const ownTests = {
  testPathIgnorePatterns: ['/node_modules/', ...(existsSync(app) ? testsForNode(app) : [])],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    project('app', 'app', ownTests),
    project('unit', 'test/unit'),
    project('integration', 'test/integration'),
    project('containers', 'test/containers'),
    project('e2e', 'test/e2e'),
    project('timed', 'test/timed'),
    project('abuse', 'test/abuse'),
  ],
};
