/**
 * Replaces the log writer of PM2's daemon, in a program that the daemon loads first. PM2's own writer loses lines
 * whenever it reopens a log (reloadLogs): it discards unwritten data and drops standard error until the first file is
 * open. After one failed write, as on a full disk, it never writes again. Its record of an app's exit lacks the signal,
 * which is added here.
 */

/** @param utility the path of PM2's lib/Utility.js @param god that of its lib/God.js */
export function loggingProgram(utility: string, god: string): string {
  return `// Loaded before PM2's daemon: writes each line to its file immediately, so a log can be reopened without losing any.
const fs = require('node:fs');
const Utility = require(${JSON.stringify(utility)});
const God = require(${JSON.stringify(god)});

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

// An object, because PM2 hands plain values on to the app as variables.
const handleExit = God.handleExit;
God.handleExit = function (app, code, signal) {
  app.pm2_env.last_end = { signal: signal || null };
  return handleExit.call(this, app, code, signal);
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
