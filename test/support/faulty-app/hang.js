/** A test, build or install that never ends and starts a process outside its process group. */
const { spawn } = require('node:child_process');
spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
console.log('it hangs');
setTimeout(() => {}, 600_000);
