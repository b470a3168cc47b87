import { badCause, requiredRollbackTarget, rollbackTarget } from '../../../deploy/core/rollback-target';
import type { Deployment } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(commit) as [string, string, string, string];
let ids = 0;

const over = (known: Partial<Deployment>): Deployment => deployment({ id: ++ids, finishedAt: 1, ...known });
const good = (of: string): Deployment => over({ commit: of, state: 'succeeded' });
const rolledBackTo = (to: string): Deployment => over({ commit: to, kind: 'rollback', state: 'succeeded' });
const bad = (of: string, known: Partial<Deployment> = {}): Deployment =>
  over({
    commit: of,
    state: 'rolled-back',
    fault: 'commit',
    errorCode: 'E_BAKE',
    cause: 'it failed',
    ...known,
  });
const endedByOperator = (of: string): Deployment =>
  over({ commit: of, state: 'rolled-back', fault: 'operator' });

describe('a rollback without an argument', () => {
  it('goes to the previous release', () => expect(rollbackTarget([good(A), good(B)], B)).toBe(A));

  it('goes back two releases when it is done twice', () => {
    const history = [good(A), good(B), good(C)];
    expect(rollbackTarget(history, C)).toBe(B);
    history.push(rolledBackTo(B));
    expect(rollbackTarget(history, B)).toBe(A);
    history.push(rolledBackTo(A));
    expect(rollbackTarget(history, A)).toBeNull();
  });

  it('goes to the release before the newest deploy, even if that followed a rollback', () => {
    const history = [good(A), good(B), rolledBackTo(A), good(C)];
    expect(rollbackTarget(history, C)).toBe(B);
  });

  it('accepts the history in any order', () => {
    expect(rollbackTarget([good(A), good(B), good(C)].reverse(), C)).toBe(B);
  });

  it('never goes to the live commit, even if it was deployed twice', () => {
    expect(rollbackTarget([good(A), good(B), good(B)], B)).toBe(A);
  });

  it('counts only the last deploy of a commit', () => {
    expect(rollbackTarget([good(A), good(B), good(A)], A)).toBe(B);
  });

  it('skips failed and bad releases', () => {
    expect(rollbackTarget([good(A), bad(B), good(C)], C)).toBe(A);
    expect(rollbackTarget([good(A), good(B), bad(B), good(C)], C)).toBe(A);
  });

  it('goes back from a release that is still baking', () => {
    const baking = deployment({ id: ++ids, commit: C, state: 'baking' });
    expect(rollbackTarget([good(A), good(B), baking], C)).toBe(B);
  });

  it('may go to a release whose bake an operator ended, since that does not mark it bad', () => {
    expect(rollbackTarget([good(A), endedByOperator(B), good(C)], C)).toBe(B);
  });

  it('goes to the last good release when the history does not know the live commit', () => {
    expect(rollbackTarget([good(A), good(B)], D)).toBe(B);
  });

  it('has no target before the second release', () => {
    expect(rollbackTarget([], A)).toBeNull();
    expect(rollbackTarget([good(A)], A)).toBeNull();
  });

  it.each([A, undefined])(
    'is refused with one sentence and a code when there is no target (active: %s)',
    (active) => {
      expect(() => requiredRollbackTarget([good(A)], active)).toThrow(
        expect.objectContaining({
          code: 'E_NOTHING_TO_ROLL_BACK_TO',
          message: 'There is no good release before the active one.',
        }),
      );
      expect(requiredRollbackTarget([good(A), good(B)], B)).toBe(A);
    },
  );
});

describe('a bad commit', () => {
  it('is one whose last deployment failed through its own fault, and has a cause', () => {
    expect(badCause([bad(A, { cause: '/health answered 500' })], A)).toBe('/health answered 500');
  });

  it.each(['machine', 'operator'] as const)(
    'is not one whose deployment failed through a fault of the %s',
    (fault) => {
      expect(badCause([over({ commit: A, state: 'failed', fault })], A)).toBeNull();
    },
  );

  it('stays bad when the machine fails at the next attempt', () => {
    expect(badCause([bad(A), over({ commit: A, state: 'failed', fault: 'machine' })], A)).toBe('it failed');
  });

  it('stays bad with its first cause when it is refused', () => {
    const refused = bad(A, { state: 'failed', errorCode: 'E_BAD_COMMIT', cause: 'it failed before' });
    expect(badCause([bad(A), refused, refused], A)).toBe('it failed');
  });

  it('is good again after a deployment that succeeded', () => {
    expect(badCause([bad(A), good(A)], A)).toBeNull();
    expect(badCause([good(A), bad(A)], A)).toBe('it failed');
  });

  it('is not judged by other commits, rollbacks or unfinished deployments', () => {
    const running = deployment({ id: ++ids, commit: A, state: 'running', fault: 'commit' });
    expect(badCause([bad(B), bad(A, { kind: 'rollback' }), running], A)).toBeNull();
  });
});
