// @ts-check
/** A warm rollback, in the deployer and as the command a person types; and a commit that was built before. */
'use strict';
const { sleep } = require('../processes');
const { spread } = require('../statistics');

const REST_MS = 1500;

/** @param {import('../index').Bench} bench @param {import('../clone').Clone} clone */
async function rollback({ quick, say }, clone) {
  const times = quick ? 1 : 8;
  const inDeployer = [];
  const asCommand = [];
  const builtBefore = [];
  for (let count = 1; count <= times; count++) {
    say(`rollback ${count} of ${times}`);
    await sleep(REST_MS);
    const begun = performance.now();
    await clone.run('npm', ['run', '-s', 'rollback']);
    asCommand.push(performance.now() - begun);
    inDeployer.push(msToLive(clone));
    await sleep(REST_MS);
    await clone.run('npm', ['run', '-s', 'deploy']);
    builtBefore.push(msToLive(clone));
  }
  return {
    inDeployerMs: spread(inDeployer),
    asCommandMs: spread(asCommand),
    builtBeforeMs: spread(builtBefore),
  };
}

/** @param {import('../clone').Clone} clone */
function msToLive(clone) {
  const { deployment } = clone.last();
  if (deployment.state !== 'succeeded') throw new Error(`it did not go live: ${deployment.cause}`);
  return deployment.liveAt - deployment.createdAt;
}

module.exports = { rollback };
