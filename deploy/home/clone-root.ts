import path from 'node:path';

/** The clone that this kit was built in; this file is compiled to dist/deploy/home/clone-root.js in it. */
export const ROOT = path.resolve(__dirname, '..', '..', '..');
