/** Configuration files in every form that users may write: those that load, and the message for those that do not. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempHome } from './temp-home';

export interface Written {
  /** The files by name, all in the same folder. */
  files: Record<string, string>;
  /** package.json, or none. */
  manifest?: object;
}

/** Writes the files into a folder and returns it. */
export function folderWith(written: Written, folder = tempHome()): string {
  const { files, manifest } = written;
  if (manifest) writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

const MODULE = { type: 'module' };
const APP = "{ app: { start: 'own.js', test: ['own-test'], build: null } }";

/** Each starts `own.js` and runs `own-test`. */
export const WORKING: [string, Written][] = [
  ['CommonJS in .js', { files: { 'deploy.config.js': `module.exports = ${APP};` } }],
  ['CommonJS in .cjs', { files: { 'deploy.config.cjs': `module.exports = ${APP};` } }],
  [
    'CommonJS in .cjs beside "type": "module"',
    { files: { 'deploy.config.cjs': `module.exports = ${APP};` }, manifest: MODULE },
  ],
  [
    'CommonJS compiled from an ES module',
    {
      files: {
        'deploy.config.js': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${APP};`,
      },
    },
  ],
  ['an ES module in .mjs', { files: { 'deploy.config.mjs': `export default ${APP};` } }],
  [
    'an ES module in .js beside "type": "module"',
    { files: { 'deploy.config.js': `export default ${APP};` }, manifest: MODULE },
  ],
  [
    'an ES module that imports, awaits and exports by name',
    {
      files: {
        'deploy.config.mjs': `import { own } from './own.mjs';\nconst it = await Promise.resolve(own);\nexport { it as default };`,
        'own.mjs': `export const own = ${APP};`,
      },
    },
  ],
];

/** Each with its message. */
export const REFUSED: [string, Written, RegExp][] = [
  [
    'named exports alone',
    { files: { 'deploy.config.js': `export const app = ${APP}.app;` }, manifest: MODULE },
    /^deploy\.config\.js has no default export\.$/,
  ],
  [
    'module.exports in an ES module',
    { files: { 'deploy.config.js': `module.exports = ${APP};` }, manifest: MODULE },
    /^deploy\.config\.js cannot be read: module is not defined in ES module scope/,
  ],
  [
    'require in an ES module',
    { files: { 'deploy.config.mjs': `const path = require('node:path'); export default ${APP};` } },
    /^deploy\.config\.mjs cannot be read: require is not defined in ES module scope/,
  ],
  ['an empty file', { files: { 'deploy.config.js': '' } }, /^deploy\.config\.js exports nothing\.$/],
  [
    'a reassigned exports variable in CommonJS, which exports nothing',
    { files: { 'deploy.config.cjs': `exports = ${APP};` } },
    /^deploy\.config\.cjs exports nothing\.$/,
  ],
  [
    'an ES module without an export',
    { files: { 'deploy.config.mjs': `const it = ${APP};` } },
    /^deploy\.config\.mjs has no default export\.$/,
  ],
  [
    'an array',
    { files: { 'deploy.config.js': `module.exports = [${APP}];` } },
    /^deploy\.config\.js exports an array, not an object\.$/,
  ],
  [
    'a string',
    { files: { 'deploy.config.mjs': 'export default "app";' } },
    /^deploy\.config\.mjs exports a string, not an object\.$/,
  ],
  [
    'null',
    { files: { 'deploy.config.cjs': 'module.exports = null;' } },
    /^deploy\.config\.cjs exports null, not an object\.$/,
  ],
  [
    'a function',
    { files: { 'deploy.config.js': `module.exports = () => (${APP});` } },
    /^deploy\.config\.js exports a function, not an object\.$/,
  ],
  [
    'an async function',
    { files: { 'deploy.config.mjs': `export default async () => (${APP});` } },
    /^deploy\.config\.mjs exports a function, not an object\.$/,
  ],
  [
    'a promise',
    { files: { 'deploy.config.js': `module.exports = Promise.resolve(${APP});` } },
    /^deploy\.config\.js exports a promise, not an object\.$/,
  ],
  [
    'a promise instead of a section',
    { files: { 'deploy.config.mjs': `export default { app: Promise.resolve(${APP}.app) };` } },
    /^deploy\.config\.mjs: "app" is not valid: it is a promise\.$/,
  ],
  [
    'a function instead of a command',
    { files: { 'deploy.config.js': 'module.exports = { app: { test: () => 0 } };' } },
    /^deploy\.config\.js: "app\.test" is not valid: it is a function\.$/,
  ],
  [
    'null instead of a section',
    { files: { 'deploy.config.js': 'module.exports = { app: null };' } },
    /^deploy\.config\.js: "app" is not valid: /,
  ],
  [
    'a mistyped key',
    { files: { 'deploy.config.mjs': 'export default { app: { helth: "/" } };' } },
    /^deploy\.config\.mjs: unknown key "app\.helth"\.$/,
  ],
  [
    'a syntax error in CommonJS',
    { files: { 'deploy.config.js': 'module.exports = {' } },
    /^deploy\.config\.js cannot be read: Unexpected end of input$/,
  ],
  [
    'a syntax error in an ES module',
    { files: { 'deploy.config.mjs': 'export default {' } },
    /^deploy\.config\.mjs cannot be read: Unexpected end of input$/,
  ],
  [
    'a file that throws an error',
    { files: { 'deploy.config.mjs': 'throw new Error("no\\nway");' } },
    /^deploy\.config\.mjs cannot be read: no$/,
  ],
  [
    'a file that throws something other than an error',
    { files: { 'deploy.config.js': 'throw undefined;' } },
    /^deploy\.config\.js cannot be read: undefined$/,
  ],
  [
    'a missing module in CommonJS',
    { files: { 'deploy.config.js': 'module.exports = require("./nowhere");' } },
    /^deploy\.config\.js cannot be read: Cannot find module '\.\/nowhere'$/,
  ],
  [
    'a missing package in an ES module',
    { files: { 'deploy.config.mjs': 'import "nowhere"; export default {};' } },
    /^deploy\.config\.mjs cannot be read: Cannot find package 'nowhere' imported from /,
  ],
  [
    'a file that exits the process',
    { files: { 'deploy.config.mjs': `process.exit(0);\nexport default ${APP};` } },
    /^deploy\.config\.mjs cannot be read: it exited before it exported anything$/,
  ],
  [
    'a promise that never settles',
    { files: { 'deploy.config.mjs': `await new Promise(() => {});\nexport default ${APP};` } },
    /^deploy\.config\.mjs cannot be read: it exited before it exported anything$/,
  ],
  [
    'two files at the same time',
    { files: { 'deploy.config.js': `module.exports = ${APP};`, 'deploy.config.mjs': 'export default {};' } },
    /^deploy\.config\.js and deploy\.config\.mjs both exist\.$/,
  ],
  [
    'an unsupported format',
    { files: { 'deploy.config.ts': `export default ${APP};` } },
    /^deploy\.config\.ts is not read\.$/,
  ],
];

const BLOCKS = `execSync('sleep 30');`;

/** Files that never finish loading. The limit is a few seconds. */
export const ENDLESS: [string, Written, RegExp][] = [
  [
    'an endless loop in CommonJS',
    { files: { 'deploy.config.js': `for (;;); module.exports = ${APP};` } },
    /^deploy\.config\.js (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'an endless loop in an ES module',
    { files: { 'deploy.config.mjs': `for (;;); export default ${APP};` } },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'a blocking call in CommonJS',
    { files: { 'deploy.config.js': `require('node:child_process').${BLOCKS} module.exports = ${APP};` } },
    /^deploy\.config\.js (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'a blocking call in an ES module',
    {
      files: {
        'deploy.config.mjs': `import { execSync } from 'node:child_process'; ${BLOCKS} export default ${APP};`,
      },
    },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'an await that never ends',
    {
      files: {
        'deploy.config.mjs': `setInterval(() => {}, 1000); await new Promise(() => {}); export default ${APP};`,
      },
    },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
];
