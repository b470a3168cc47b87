/**
 * How PM2's daemon writes what its apps say. Its own way loses lines whenever it opens a log anew (reloadLogs): it
 * throws away what its streams have not written yet, and drops what comes on standard error until the first file is
 * open; and after one failed write, on a full disk, it never writes again. So it gets another way, in a program that
 * is loaded before it.
 */

/** @param utility the path of PM2's lib/Utility.js */
export function loggingProgram(utility: string): string {
  return `// Loaded before PM2's daemon: each line is in its file at once, so a log can be opened anew without losing any.
const fs = require('node:fs');
const Utility = require(${JSON.stringify(utility)});

Utility.startLogging = (logs, ready) => {
  try {
    for (const kind of Object.keys(logs)) {
      if (typeof logs[kind] === 'string' && !/NULL|\\/dev\\/null/.test(logs[kind])) logs[kind] = logTo(logs[kind]);
    }
  } catch (error) {
    return ready(error);
  }
  ready();
};

function logTo(file) {
  const fd = fs.openSync(file, 'a', 0o600);
  let open = true;
  return {
    _file: file,
    write(text) {
      try {
        if (open) fs.appendFileSync(fd, text);
      } catch {
        // a full disk costs this line, and no later one
      }
    },
    destroy() {
      if (open) fs.closeSync(fd);
      open = false;
    },
  };
}
`;
}
