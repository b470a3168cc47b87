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
    file: 'deploy/core/spread.ts',
    from: 'const standby = table.standby === slot ? null : table.standby;',
    to: 'const { standby } = table;',
    test: 'test/unit/strategies/blue-green.test.ts',
  },
  {
    invariant: 2,
    what: 'what is held goes live without a second proof',
    file: 'deploy/strategies/blue-green.ts',
    from: "{ step: { do: 'hold', ...proof }, undo: [] }, verify(proof)]",
    to: "{ step: { do: 'hold', ...proof }, undo: [] }]",
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
    invariant: 4,
    what: 'an engine that is away for a moment ends a bake',
    file: 'deploy/pipeline/process-watch.ts',
    from: "if (error.code === 'E_ENGINE') return engineIsAway(error);",
    to: "if (error.code === 'E_ENGINE') throw error;",
    test: 'test/timed/power-loss.test.ts',
    name: 'may die in a bake',
  },
  {
    invariant: 4,
    what: 'of several slots that serve only the active one is watched',
    file: 'deploy/watch.ts',
    from: 'Promise.all(slots.map(lookAt))',
    to: 'Promise.all(slots.slice(0, 1).map(lookAt))',
    test: 'test/e2e/strategies.test.ts',
    name: 'rolling (spreads|has each slot)',
  },
  {
    invariant: 2,
    what: 'a rolling release gets users from a slot that is being replaced',
    file: 'deploy/strategies/rolling.ts',
    from: 'const staying = serving.filter((slot) => !batch.includes(slot));',
    to: 'const staying = serving;',
    test: 'test/unit/strategies/any-order.test.ts',
  },
  {
    invariant: 5,
    what: 'a failed step is not taken back',
    file: 'deploy/pipeline/run.ts',
    from: 'await undo(yard, work, work.plan.slice(0, begun), waits ? again : 0);',
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
  {
    invariant: 8,
    what: "what an app prints of its environment's values is told as it is",
    file: 'deploy/core/redact.ts',
    from: 'secrets.reduce((left, secret) => withoutCut(left.replaceAll(secret, HIDDEN), secret), text);',
    to: 'secrets.length < 0 ? HIDDEN : withoutCut(text, text);',
    test: 'test/e2e/env.test.ts',
    name: 'under PM2 .*(is set without a lost request|takes a value from standard|reaches the migration)',
  },
  {
    invariant: 9,
    what: 'any signature lets a tester in',
    file: 'deploy/preview/link.ts',
    from: 'return given.length === expected.length && timingSafeEqual(given, expected);',
    to: 'return given.length === expected.length && timingSafeEqual(given, given);',
    test: 'test/unit/preview/link.test.ts',
  },
  {
    invariant: 10,
    what: "the poll compares the source's tip with what runs",
    file: 'deploy/core/seen.ts',
    from: "if (tip === null || tip === lastSeen) return 'nothing';",
    to: "if (tip === null || tip === live) return 'nothing';",
    test: 'test/unit/core/seen.test.ts',
  },
  {
    invariant: 10,
    what: 'the warm release is pruned',
    file: 'deploy/core/prune.ts',
    from: 'new Set([...inUse, ...(active ? [active] : []),',
    to: 'new Set([...(active ? [active] : []),',
    test: 'test/unit/core/prune.test.ts',
  },
  {
    invariant: 10,
    what: 'the preflight counts what is free, and not what a release needs',
    file: 'deploy/core/room.ts',
    from: 'return free - needs >= keep;',
    to: 'return free >= keep || needs < 0;',
    test: 'test/integration/preflight.test.ts',
    name: 'memory is short',
  },
  {
    invariant: 11,
    what: 'a newer push does not take the place of one that waits',
    file: 'deploy/core/queue.ts',
    from: 'other.id > push.id',
    to: 'other.id > push.id + 1e9',
    test: 'test/unit/core/queue.test.ts',
  },
  {
    invariant: 11,
    what: 'an abort lets the commands of its deployment go on',
    file: 'deploy/pipeline/ending.ts',
    from: `killing = setInterval(() => void endSurvivors(home, id), LOOK_EVERY_MS);
    void endSurvivors(home, id);`,
    to: 'killing = setInterval(() => home.logs + id, LOOK_EVERY_MS);',
    test: 'test/timed/wishes.test.ts',
    name: 'ends the commands',
  },
  {
    invariant: 12,
    what: "a failing failure-hook's error takes the place of the first one",
    file: 'deploy/pipeline/hooks.ts',
    from: "yard.journal.tell(id, { type: 'warning', message: asKnown(error).message }),",
    to: 'yard.journal.note(id, { errorCode: asKnown(error).code, cause: asKnown(error).message }),',
    test: 'test/e2e/env.test.ts',
    name: 'under PM2 .*one that fails is only told',
  },
  {
    invariant: 12,
    what: 'a receiver of notifications that does not listen is an exception',
    file: 'deploy/notify/post.ts',
    from: 'return { ok: false, said: inWords(error, limitMs), again: true };',
    to: 'if (limitMs > 0) throw error; return { ok: false, said: inWords(error, limitMs), again: true };',
    test: 'test/unit/notify/notifier.test.ts',
  },
  {
    invariant: 12,
    what: 'whoever stops the deployer waits for a receiver that hangs',
    file: 'deploy/notify/notifier.ts',
    from: 'await Promise.race([told, sleep(LAST_WORDS_MS, undefined, { ref: false })]);',
    to: 'await Promise.all([told, sleep(LAST_WORDS_MS, undefined, { ref: false })]);',
    test: 'test/unit/notify/notifier.test.ts',
  },
  {
    invariant: 13,
    what: 'the doctor takes any configuration that nginx has loaded for the right one',
    file: 'deploy/doctor/loaded.ts',
    from: 'if (loaded !== wanted) {',
    to: 'if (loaded === null) {',
    test: 'test/unit/doctor/judgements.test.ts',
  },
];

module.exports = { SABOTAGES };
