/**
 * For PM2 by hand: `npm run pm2 -- start ecosystem.config.js --only app-green`. Deployments do not need this file.
 * They start the same definitions (deploy/runtimes/pm2/definitions.ts), each for its own release. Here a slot
 * runs the release that was last live in it. PM2 restarts an app that it already knows in its old folder:
 * run `npm run pm2 -- delete app-green` first.
 */
const path = require('node:path');

const BUILT = path.join(__dirname, 'dist', 'deploy', 'pm2-ecosystem.js');

/** Prints one line, where PM2 would print a stack. */
function load() {
  try {
    return require(BUILT).ecosystem(__dirname, process.env);
  } catch (error) {
    const notBuilt = error.code === 'MODULE_NOT_FOUND' && error.message.includes(BUILT);
    console.error(
      notBuilt
        ? 'E_NOT_STARTED: Switchyard is not built yet. Build it: npm start'
        : `${error.code}: ${error.message}`,
    );
    process.exit(1);
  }
}

module.exports = load();
