/** A test, build or install that does not end, and starts a process that has left its group. */
const { spawn } = require('node:child_process');
spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
console.log('it hangs');
setTimeout(() => {}, 600_000);
