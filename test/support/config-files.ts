/** Configuration files in every form, as their owners may write them: what works, and what is refused by which words. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempHome } from './temp-home';

export interface Written {
  /** The file, by its name; several are written side by side. */
  files: Record<string, string>;
  /** package.json, or none. */
  manifest?: object;
}

/** A folder that holds them. */
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
    'CommonJS that a compiler made of an ES module',
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

/** What is said of each. */
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
    'exports replaced in CommonJS, which exports nothing',
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
    'a promise in the place of a section',
    { files: { 'deploy.config.mjs': `export default { app: Promise.resolve(${APP}.app) };` } },
    /^deploy\.config\.mjs: "app" is not valid: it is a promise\.$/,
  ],
  [
    'a function in the place of a command',
    { files: { 'deploy.config.js': 'module.exports = { app: { test: () => 0 } };' } },
    /^deploy\.config\.js: "app\.test" is not valid: it is a function\.$/,
  ],
  [
    'null in the place of a section',
    { files: { 'deploy.config.js': 'module.exports = { app: null };' } },
    /^deploy\.config\.js: "app" is not valid: /,
  ],
  [
    'a slip of the pen',
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
    'an error of its own',
    { files: { 'deploy.config.mjs': 'throw new Error("no\\nway");' } },
    /^deploy\.config\.mjs cannot be read: no$/,
  ],
  [
    'something thrown that is no error',
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
    'an end of its process',
    { files: { 'deploy.config.mjs': `process.exit(0);\nexport default ${APP};` } },
    /^deploy\.config\.mjs cannot be read: it exited before it exported anything$/,
  ],
  [
    'a promise that nothing settles',
    { files: { 'deploy.config.mjs': `await new Promise(() => {});\nexport default ${APP};` } },
    /^deploy\.config\.mjs cannot be read: it exited before it exported anything$/,
  ],
  [
    'two files at once',
    { files: { 'deploy.config.js': `module.exports = ${APP};`, 'deploy.config.mjs': 'export default {};' } },
    /^deploy\.config\.js and deploy\.config\.mjs both exist\.$/,
  ],
  [
    'a format that is not read',
    { files: { 'deploy.config.ts': `export default ${APP};` } },
    /^deploy\.config\.ts is not read\.$/,
  ],
];

const BLOCKS = `execSync('sleep 30');`;

/** What never comes to an end. The limit is some seconds. */
export const ENDLESS: [string, Written, RegExp][] = [
  [
    'a loop without an end in CommonJS',
    { files: { 'deploy.config.js': `for (;;); module.exports = ${APP};` } },
    /^deploy\.config\.js (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'a loop without an end in an ES module',
    { files: { 'deploy.config.mjs': `for (;;); export default ${APP};` } },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'a call that blocks in CommonJS',
    { files: { 'deploy.config.js': `require('node:child_process').${BLOCKS} module.exports = ${APP};` } },
    /^deploy\.config\.js (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'a call that blocks in an ES module',
    {
      files: {
        'deploy.config.mjs': `import { execSync } from 'node:child_process'; ${BLOCKS} export default ${APP};`,
      },
    },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
  [
    'an await without an end',
    {
      files: {
        'deploy.config.mjs': `setInterval(() => {}, 1000); await new Promise(() => {}); export default ${APP};`,
      },
    },
    /^deploy\.config\.mjs (cannot be read: it takes|took) longer than \d+ s/,
  ],
];
