// @ts-check
/**
 * One sabotage for each promise: what is broken, and the test that must turn red. test/README.md tells them in
 * words; `npm run sabotage` carries them out.
 *
 * @typedef {object} Sabotage
 * @property {number} invariant number in test/README.md
 * @property {string} what
 * @property {string} file
 * @property {string} from stands in the file exactly once
 * @property {string} to
 * @property {string} test path of the test file
 * @property {string} [name] of the test, when one is enough
 */

/** @type {Sabotage[]} */
const SABOTAGES = [
  {
    invariant: 1,
    what: 'the table is removed and made again instead of renamed',
    file: 'deploy/traffic/table-folder.ts',
    from: 'renameSync(next, home.traffic);',
    to: 'rmSync(home.traffic, { force: true }); renameSync(next, home.traffic);',
    test: 'test/integration/traffic-shift.test.ts',
  },
  {
    invariant: 2,
    what: 'the standby stays in the table while its release is replaced',
    file: 'deploy/strategies/blue-green.ts',
    from: 'const alone: Table = { active: stays, standby: null };',
    to: 'const alone: Table = { active: stays, standby: table.standby };',
    test: 'test/unit/strategies/blue-green.test.ts',
  },
  {
    invariant: 2,
    what: 'what is held goes live without a second proof',
    file: 'deploy/strategies/blue-green.ts',
    from: "return hold ? [verify, { step: { do: 'hold', ...proof }, undo: [] }, verify] : [verify];",
    to: "return hold ? [verify, { step: { do: 'hold', ...proof }, undo: [] }] : [verify];",
    test: 'test/unit/strategies/blue-green.test.ts',
  },
  {
    invariant: 2,
    what: 'a tester of a held slot falls onto another one',
    file: 'nginx/site.conf.template',
    from: 'proxy_pass http://direct_$preview;',
    to: 'proxy_pass http://slot_$preview;',
    test: 'test/integration/traffic-preview.test.ts',
  },
  {
    invariant: 2,
    what: 'a crash falls to the other slot though the table names no standby',
    file: 'nginx/site.conf.template',
    from: 'if ($active = ${SLOT}) { set $behind $standby; }',
    to: 'if ($active = ${SLOT}) { set $behind green; }',
    test: 'test/integration/traffic-shift.test.ts',
  },
  {
    invariant: 3,
    what: 'the instance in the health answer is not compared',
    file: 'deploy/pipeline/verify.ts',
    from: 'if (answer.commit === proof.commit && answer.instance === proof.instance) return;',
    to: 'if (answer.commit === proof.commit) return;',
    test: 'test/e2e/failures.test.ts',
    name: 'instance',
  },
  {
    invariant: 4,
    what: 'a deployment whose process died is left alone',
    file: 'deploy/core/dispatch.ts',
    from: 'const dead = pending.find(({ state }) => isActive(state));',
    to: 'const dead = pending.find(({ state }) => isActive(state) && false);',
    test: 'test/timed/recovery.test.ts',
    name: 'in the phase test',
  },
  {
    invariant: 5,
    what: 'a failed step is not taken back',
    file: 'deploy/pipeline/run.ts',
    from: 'await undo(yard, work, work.plan.slice(0, index + 1));',
    to: '',
    test: 'test/e2e/failures.test.ts',
  },
  {
    invariant: 6,
    what: 'git may use any protocol for the source',
    file: 'deploy/git/git.ts',
    from: "GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',",
    to: '',
    test: 'test/integration/git.test.ts',
  },
  {
    invariant: 7,
    what: 'any signature of the right length is good',
    file: 'deploy/webhook/signature.ts',
    from: 'return given.length === expected.length && timingSafeEqual(given, expected);',
    to: 'return given.length === expected.length;',
    test: 'test/unit/webhook/app.test.ts',
  },
  {
    invariant: 7,
    what: 'an example is taken for a secret',
    file: 'deploy/secret.ts',
    from: 'if (isExample(secret))',
    to: 'if (isExample(secret) && false)',
    test: 'test/unit/secret.test.ts',
  },
  {
    invariant: 8,
    what: "the caller's whole environment reaches the app and PM2",
    file: 'deploy/environment.ts',
    from: 'value !== undefined && ALLOWED.test(name)',
    to: 'value !== undefined',
    test: 'test/integration/pm2-runtime.test.ts',
  },
];

module.exports = { SABOTAGES };
