import type { Environment, StoredEnvironment, Variables } from '../../../deploy/core/environment';
import {
  NO_VARIABLES,
  checkName,
  unneededEnvironments,
  environmentInForce,
  sameValues,
  nextEnvironment,
  withSet,
  withUnset,
} from '../../../deploy/core/environment';
import { deployment } from '../../support/deployments';

const live = (environment: number | null) => deployment({ state: 'succeeded', liveAt: 1, environment });
const kept = (number: number): StoredEnvironment => ({ number, waits: false });
const waiting = (number: number): StoredEnvironment => ({ number, waits: true });
const variables: Variables = { A: { value: '1', at: 10 }, B: { value: '2', at: 20 } };
const now: Environment = { ...NO_VARIABLES, run: variables };

describe('the environment', () => {
  it('in force is the one the live release started with, whatever was saved since', () => {
    expect(environmentInForce(live(3), [kept(3), kept(4), waiting(5)])).toBe(3);
    expect(environmentInForce(live(null), [kept(4)])).toBe(0);
  });

  it('in force is the newest one before the first live release, and with a new journal', () => {
    expect(environmentInForce(null, [kept(3), waiting(5)])).toBe(5);
    expect(environmentInForce(null, [])).toBe(0);
  });

  it('for the next deployment is the newest pending one', () => {
    expect(nextEnvironment(live(3), [kept(3), waiting(4), waiting(5)])).toBe(5);
  });

  it('for the next deployment is never one that was only tried, or pending since before the one in force', () => {
    expect(nextEnvironment(live(3), [waiting(2), kept(3), kept(4)])).toBe(3);
  });
});

describe('forgetting environments', () => {
  it('keeps those in force, pending, used by a slot or just requested', () => {
    expect(
      unneededEnvironments(live(5), [1, 2, 3, 5, 8].map(kept).concat(waiting(6), waiting(4)), [2]),
    ).toEqual([1, 3, 4]);
  });
});

describe('a change', () => {
  it('sets new values, and keeps the date of values that stay the same', () => {
    expect(withSet(now, { B: '2', C: '3' }, ['run'], 30).run).toEqual({
      ...variables,
      C: { value: '3', at: 30 },
    });
    expect(withSet(now, { A: '' }, ['run'], 30).run.A).toEqual({ value: '', at: 30 });
    expect(now).toHaveProperty('run.A.value', '1');
  });

  it('reaches only the phases that it names', () => {
    const next = withSet(now, { A: '3' }, ['install', 'build'], 30);
    const set = { A: { value: '3', at: 30 } };
    expect(next).toEqual({ install: set, build: set, run: variables });
    expect(withUnset(next, ['A'], ['build'])).toEqual({ install: set, build: {}, run: variables });
    expect(sameValues(now, next, ['run'])).toBe(true);
    expect(sameValues(now, next)).toBe(false);
  });

  it('unsets a variable in every phase by default, and reports one that is not set', () => {
    const both = withSet(now, { A: '3' }, ['build'], 30);
    expect(withUnset(both, ['A'])).toEqual({ ...now, run: { B: variables.B } });
    expect(() => withUnset(now, ['C'])).toThrow('C is not set.');
    expect(() => withUnset(now, ['A'], ['build'])).toThrow('A is not set.');
  });

  it('is none when no value differs', () => {
    const dated = { ...now, run: { ...variables, A: { value: '1', at: 99 } } };
    expect(sameValues(now, dated)).toBe(true);
    expect(sameValues(now, { ...now, run: { A: { value: '1', at: 10 } } })).toBe(false);
    expect(sameValues(NO_VARIABLES, now)).toBe(false);
  });

  it('is refused if the system could not pass it to a program', () => {
    const set = (given: Record<string, string>): Environment => withSet(NO_VARIABLES, given, ['run'], 1);
    expect(() => set({ A: 'x\0y' })).toThrow('The value of A contains a NUL byte.');
    expect(() => set({ A: 'é'.repeat(50_001) })).toThrow('The value of A is longer than 100000 bytes.');
    const many = Object.fromEntries([...'abcdefghijk'].map((name) => [name, 'x'.repeat(95_000)]));
    expect(() => set(many)).toThrow('Together they are longer');
  });

  it('never contains a value in its refusal', () => {
    const refused = (): unknown => withSet(NO_VARIABLES, { A: 'canary\0canary' }, ['run'], 1);
    expect(refused).toThrow('The value of A');
    expect(refused).not.toThrow('canary');
  });
});

describe('a variable name', () => {
  it.each(['DATABASE_URL', '_x', 'NODE_ENV', 'TZ', 'PORTAL', 'LDAP_URL'])('%s is allowed', (name) => {
    expect(() => checkName(name)).not.toThrow();
  });

  it.each([
    ['PORT', 'Switchyard sets it for each slot'],
    ['SWITCHYARD_COMMIT', 'Switchyard sets it for each slot'],
    ['PATH', 'the app runs with the Node binary that built it'],
    ['NODE_CHANNEL_FD', 'Node sets it for its own child processes'],
    ['LD_PRELOAD', 'it would load other code into the app'],
  ])('%s is rejected with a reason', (name, why) => {
    expect(() => checkName(name)).toThrow(
      expect.objectContaining({ code: 'E_ENV', message: `${name} cannot be set: ${why}.` }),
    );
  });

  it.each(['', '1A', 'A-B', 'A B', 'Ä', '__proto__x.y'])('%j is invalid', (name) => {
    expect(() => checkName(name)).toThrow('is not a valid variable name.');
  });
});
