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
  ...more,
});

/** npm, nginx and PM2 for real, on a machine that may be busy. */
const real = { setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] };

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    project('app', 'app'),
    project('unit', 'test/unit'),
    project('integration', 'test/integration', real),
    project('e2e', 'test/e2e', real),
  ],
};
