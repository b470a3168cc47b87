import path from 'node:path';

/** The clone that the kit was built in: this file is dist/deploy/home/clone-root.js below it. */
export const ROOT = path.resolve(__dirname, '..', '..', '..');
