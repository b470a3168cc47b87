const tseslint = require('typescript-eslint');

/**
 * core/ and strategies/ decide; they touch nothing. Whoever needs a file, a clock or a process passes its result in.
 * @param outside what they may not import of the project, as patterns
 */
const pure = (outside) => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          group: ['node:*', 'fs', 'path', 'child_process', 'http', 'os'],
          message: 'core/ and strategies/ are pure: pass the value in.',
        },
        { group: outside, message: 'core/ and strategies/ import only from core/.' },
      ],
    },
  ],
  'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch', 'console', 'Buffer'],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'pass the time in.' },
    { object: 'Math', property: 'random', message: 'pass the value in.' },
  ],
});

module.exports = tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Express knows an error handler by its four arguments
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['deploy/core/**/*.ts', 'deploy/strategies/**/*.ts'],
    rules: pure(['../*', '!../core', '!../core/*']),
  },
  { files: ['deploy/core/*/**/*.ts'], rules: pure(['../../*']) },
  {
    files: ['test/**/*.ts', 'app/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
