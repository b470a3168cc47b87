/** Whole deployments as they appear in a pipe, a log or the terminal of a git push. */
import type { Deployment } from '../../../deploy/core/deployment';
import type { Entry } from '../../../deploy/core/event';
import type { Plan } from '../../../deploy/core/plan';
import type { Serving } from '../../../deploy/core/slot';
import { canaryLines } from '../../../deploy/reporters/held-lines';
import { abortedLines, finalLines, historyLine } from '../../../deploy/reporters/phrases';
import { plainReporter } from '../../../deploy/reporters/plain';
import { commit, deployment } from '../../support/deployments';
import { events, journalOf, captureOutput, phase } from '../../support/journal-events';

const V1: Serving = { slot: 'blue', commit: commit('a1b2c3d'), version: '1.0.0' };
const V2: Serving = { slot: 'green', commit: commit('e4f5a6b'), version: '1.1.0' };
const PROOF = { slot: 'green', commit: V2.commit, instance: 'i', restarts: 0 };
const LIVE: Extract<Entry, { type: 'live' }> = {
  type: 'live',
  serving: V2,
  previous: V1,
  ms: 2_400,
  served: 1234,
  failed: 0,
  back: { command: './switchyard rollback', ms: 450 },
  bakeSeconds: 10,
};

test('a push that goes live shows its phases, the switch and the verdict', () => {
  const entries = [
    state('queued'),
    state('running'),
    ...phase('fetch', 80),
    ...phase('check out', 31),
    ...phase('install', 0, { status: 'skipped', detail: 'as before' }),
    ...phase('test', 1_240),
    ...phase('build', 600),
    ...phase('start', 350, { step: 0, detail: 'green, pid 4711' }),
    ...phase('verify', 12, { step: 1, detail: 'green' }),
    ...phase('shift', 2, { step: 2, detail: 'green, blue behind it' }),
    ...phase('verify-live', 9, { step: 3, detail: 'green' }),
    LIVE,
    state('baking'),
    ...phase('bake', 10_004, { step: 4, detail: 'healthy for 10 s' }),
    state('succeeded'),
  ];
  expect(shown(entries, over({ state: 'succeeded', to: V2, liveAt: 3_400 }), V2)).toEqual([
    '✓ fetch                   80 ms',
    '✓ check out               31 ms',
    '- install                  0 ms   as before',
    '✓ test                    1.2 s',
    '✓ build                  600 ms',
    '✓ start                  350 ms   green, pid 4711',
    '✓ verify                  12 ms   green',
    '✓ shift                    2 ms   green, blue behind it',
    '✓ verify through nginx     9 ms   green',
    '  users get v1.1.0 (e4f5a6b) on green, watched for 10 s; Ctrl-C ends only this output',
    '✓ bake                   10.0 s   healthy for 10 s',
    '✓ LIVE in 2.4 s: v1.1.0 (e4f5a6b) on green',
    '  blue → green, 1,234 requests served and 0 failed during the switch',
    '  to roll back: ./switchyard rollback (takes about 450 ms)',
  ]);
});

test('an unhealthy push shows its undo, then the verdict with its cause, and what to do last', () => {
  const cause = '/health in green answered 500.';
  const entries = [
    state('running'),
    ...phase('start', 60_000, { step: 0, status: 'failed', detail: cause }),
    ...phase('stop', 40, { step: 0, undo: true, detail: 'green' }),
    { ...state('failed'), cause },
  ];
  const failed = over({ state: 'failed', errorCode: 'E_UNHEALTHY', cause, commit: V2.commit });
  expect(shown(entries, failed, V1)).toEqual([
    '✗ start                1 min 0 s   /health in green answered 500.',
    '✓ undo: stop              40 ms   green',
    '✗ NOT LIVE. Still serving v1.0.0 (a1b2c3d): /health in green answered 500.',
    '  Read its output: ./switchyard logs [E_UNHEALTHY]',
  ]);
});

test('the first release shows neither a switch nor a rollback command', () => {
  const first = { ...LIVE, previous: null, serving: V1, bakeSeconds: 0, served: 1, back: null };
  expect(shown([first], over({ state: 'succeeded', to: V1, liveAt: 1_500 }), V1)).toEqual([
    '✓ LIVE in 500 ms: v1.0.0 (a1b2c3d) on blue',
  ]);
});

test('a rollback shows the way forward again', () => {
  const forward = { command: './switchyard deploy b2c3d4e', ms: null };
  const back = { ...LIVE, previous: V2, serving: V1, bakeSeconds: 0, back: forward };
  const deployed = over({ kind: 'rollback', state: 'succeeded', to: V1, liveAt: 1_410 });
  expect(shown([back], deployed, V1)).toEqual([
    '✓ LIVE in 410 ms: v1.0.0 (a1b2c3d) on blue',
    '  green → blue, 1,234 requests served and 0 failed during the switch',
    '  to make v1.1.0 (e4f5a6b) live again: ./switchyard deploy b2c3d4e',
  ]);
});

test('a rolling release names its slots, and a switch without traffic says so', () => {
  const plan: Plan = [
    { step: { do: 'verify-live', ...PROOF, others: [{ ...PROOF, slot: 'amber' }] }, undo: [] },
  ];
  const live = { ...LIVE, served: 0, failed: 0, bakeSeconds: 0 };
  const lines = shown([live], over({ state: 'succeeded', to: V2, plan, liveAt: 3_400 }), V2);
  expect(lines[1]).toBe('  in green, amber, no request during the switch');
});

test('a release that replaced another in its slot names the slot once', () => {
  const live = { ...LIVE, previous: { ...V1, slot: 'green' }, bakeSeconds: 0 };
  const lines = shown([live], over({ state: 'succeeded', to: V2, liveAt: 3_400 }), V2);
  expect(lines[1]).toBe('  in green, 1,234 requests served and 0 failed during the switch');
});

test('another release than the last deployed one is named at the end, unless the rollback asked for it', () => {
  const drift = { runs: V1, not: V2, why: 'an operator rolled it back', since: 1 };
  const line = '! production runs v1.0.0 (a1b2c3d), not v1.1.0 (e4f5a6b)';
  const ended = (known: Partial<Deployment>): string[] => finalLines(over(known), V1, drift);
  expect(ended({ kind: 'restore', state: 'succeeded', to: V1, liveAt: 1_410 }).at(-1)).toBe(line);
  expect(ended({ kind: 'rollback', state: 'succeeded', to: V1, liveAt: 1_410 })).not.toContain(line);
  expect(ended({ state: 'rolled-back', commit: V2.commit, cause: 'boom' })).not.toContain(line);
});

test('the same release after npm stop shows no rollback command', () => {
  const again = { ...LIVE, previous: V1, serving: V1, bakeSeconds: 0, back: null };
  expect(shown([again], over({ state: 'succeeded', to: V1, liveAt: 1_410 }), V1).join()).not.toContain(
    'go back',
  );
});

test('a push that finds nothing to do shows its wait and its warning', () => {
  const entries: Entry[] = [
    { type: 'waiting', behind: 7 },
    { type: 'warning', message: 'this version is already live' },
  ];
  expect(shown(entries, over({ state: 'succeeded', to: V1 }), V1)).toEqual([
    'waiting for deployment 7 (a1b2c3d)',
    '! this version is already live',
    '✓ LIVE already: v1.0.0 (a1b2c3d) on blue',
  ]);
});

test.each<[string, Partial<Deployment>, Serving | null, string]>([
  ['superseded', { state: 'superseded' }, V1, '- superseded: a newer push is deployed instead'],
  [
    'nothing new',
    { state: 'succeeded', cause: 'nothing new: b2b2b2b was seen before' },
    V1,
    '- Still serving v1.0.0 (a1b2c3d): nothing new: b2b2b2b was seen before',
  ],
  ['no release is live', { state: 'failed', cause: 'boom' }, null, '✗ NOT LIVE. No release is live: boom'],
  [
    'stopped by npm stop',
    { state: 'aborted', errorCode: 'E_STOPPED' },
    V1,
    '✗ NOT LIVE. No release is live until you run npm start: aborted',
  ],
  [
    'aborted by an operator',
    { state: 'aborted', errorCode: 'E_ABORTED', cause: 'It was aborted by an operator.' },
    V1,
    '✗ NOT LIVE. Still serving v1.0.0 (a1b2c3d): It was aborted by an operator.',
  ],
  [
    'live after a hold, timed from its promotion',
    { state: 'succeeded', to: V2, promotedAt: 61_000, liveAt: 61_200 },
    V2,
    '✓ LIVE in 200 ms: v1.1.0 (e4f5a6b) on green',
  ],
  [
    'rolled back by an operator while it bakes',
    { state: 'rolled-back', commit: V2.commit, cause: 'an operator rolled it back' },
    V2,
    '✗ NOT LIVE. Still serving v1.1.0 (e4f5a6b), the same commit: an operator rolled it back',
  ],
])('the verdict of a deployment comes first: %s', (_case, known, serving, line) => {
  expect(shown([], over(known), serving)[0]).toBe(line);
});

test.each<[Partial<Deployment>, string]>([
  [{ id: 7, commit: V1.commit }, 'waiting for deployment 7 (a1b2c3d)'],
  [{ id: 7, branch: 'main' }, 'waiting for deployment 7 (main)'],
  [{ id: 7, kind: 'rollback' }, 'waiting for deployment 7 (rollback)'],
  [{ id: 8 }, 'waiting for the previous deployment'],
])('a waiting deployment names the one before it: %j', (ahead, line) => {
  const out = captureOutput();
  const reporter = plainReporter(out, journalOf(deployment(ahead)));
  for (const event of events({ type: 'waiting', behind: 7 })) reporter.event(event);
  expect(out.text()).toBe(`${line}\n`);
});

const CANARY = { plan: [{ step: { do: 'judge' }, undo: [] }] } as unknown as Partial<Deployment>;

test.each([
  ['a held one', {}, 'is held', 'promote or abort'],
  ['a paused canary', CANARY, 'is a canary paused', 'promote, abort or resume'],
])('a deployment waiting for %s says since when, and the ways out', (_what, more, how, ends) => {
  const out = captureOutput();
  const held = { id: 7, commit: V1.commit, state: 'holding', heldAt: 0, ...more } as const;
  const reporter = plainReporter(out, journalOf(deployment(held)));
  for (const event of events({ type: 'waiting', behind: 7, held: true })) reporter.event(event);
  expect(out.text()).toBe(
    `waiting for deployment 7 (a1b2c3d), which ${how} since ${new Date(0).toLocaleString('sv-SE')}\n` +
      `  to end that: ./switchyard ${ends}\n` +
      '  Ctrl-C leaves this one in the queue, and ./switchyard abort 1 removes it\n',
  );
});

test('a held deployment shows how to try it and how to end the hold', () => {
  const held = deployment({ id: 7, state: 'holding', to: V2, heldAt: 4_100 });
  const preview = { url: 'http://h/', link: 'http://h/link', expires: 0, header: 'X-Switchyard-Preview: 0f' };
  const out = captureOutput();
  plainReporter(out, journalOf()).held(held, preview, V1);
  expect(out.text().trimEnd().split('\n')).toEqual([
    '✓ HELD in 3.1 s: v1.1.0 (e4f5a6b) on green is verified; users get v1.0.0 (a1b2c3d) on blue',
    '  try it:   http://h/link',
    "  or:       curl -H 'X-Switchyard-Preview: 0f' http://h/",
    '  then:     ./switchyard promote   or   ./switchyard abort',
  ]);
});

test('a canary can be paused while it runs, and resumed while it is paused', () => {
  const [last, lastPaused] = [false, true].map((isPaused) => canaryLines(null, null, isPaused).at(-1));
  expect(last).toBe('  then:     ./switchyard promote, abort or pause');
  expect(lastPaused).toBe('  then:     ./switchyard promote, abort or resume');
});

test.each<[Partial<Deployment>, string]>([
  [{ id: 8 }, '✓ deployment 8 was removed from the queue'],
  [{ id: 7, startedAt: 1 }, '✓ ABORTED: deployment 7 is undone; users get v1.0.0 (a1b2c3d) on blue'],
])('an abort reports its success: %j', (known, line) => {
  expect(abortedLines(deployment({ state: 'aborted', ...known }), V1)).toEqual([line]);
});

test.each<[Partial<Deployment>, RegExp]>([
  [
    { state: 'holding', to: V2, heldAt: 1_000 },
    /holding .*v1\.1\.0 \(e4f5a6b\) green .*since 1970-.*: .\/switchyard promote, or .\/switchyard abort$/,
  ],
  [
    { state: 'holding', to: V2, heldAt: 1_000, ...CANARY },
    /holding .*since 1970-.*: .\/switchyard promote, abort or resume$/,
  ],
  [{ state: 'succeeded', to: V2, promotedAt: 61_000, liveAt: 61_200 }, /succeeded .*live in 200 ms$/],
  [
    { state: 'aborted', commit: V2.commit, cause: 'It was aborted by an operator.' },
    /aborted .*e4f5a6b .*It was aborted by an operator\.$/,
  ],
])('a line of the history fits its state: %j', (known, line) => {
  expect(historyLine(deployment(known))).toMatch(line);
});

/** The lines printed for a whole deployment. */
function shown(entries: Entry[], ended: Deployment, serving: Serving | null): string[] {
  const out = captureOutput();
  const reporter = plainReporter(out, journalOf(deployment({ id: 7, commit: V1.commit })));
  for (const event of events(...entries)) reporter.event(event);
  reporter.end(ended, serving);
  return out.text().trimEnd().split('\n');
}

function over(known: Partial<Deployment>): Deployment {
  return deployment({ finishedAt: 9_000, ...known });
}

function state(name: Deployment['state']): Extract<Entry, { type: 'state' }> {
  return { type: 'state', state: name };
}
