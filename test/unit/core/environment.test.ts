import type { Numbered, Variables } from '../../../deploy/core/environment';
import {
  checkName,
  forgettable,
  inForce,
  sameValues,
  wanted,
  withSet,
  withUnset,
} from '../../../deploy/core/environment';
import { deployment } from '../../support/deployments';

const live = (environment: number | null) => deployment({ state: 'succeeded', liveAt: 1, environment });
const kept = (number: number): Numbered => ({ number, waits: false });
const waiting = (number: number): Numbered => ({ number, waits: true });
const now: Variables = { A: { value: '1', at: 10 }, B: { value: '2', at: 20 } };

describe('the environment', () => {
  it('in force is the one the live release started with, whatever was saved since', () => {
    expect(inForce(live(3), [kept(3), kept(4), waiting(5)])).toBe(3);
    expect(inForce(live(null), [kept(4)])).toBe(0);
  });

  it('in force is the newest one before the first live release, and with a new journal', () => {
    expect(inForce(null, [kept(3), waiting(5)])).toBe(5);
    expect(inForce(null, [])).toBe(0);
  });

  it('for the next deployment is the newest pending one', () => {
    expect(wanted(live(3), [kept(3), waiting(4), waiting(5)])).toBe(5);
  });

  it('for the next deployment is never one that was only tried, or pending since before the one in force', () => {
    expect(wanted(live(3), [waiting(2), kept(3), kept(4)])).toBe(3);
  });
});

describe('forgetting environments', () => {
  it('keeps those in force, pending, used by a slot or just requested', () => {
    expect(forgettable(live(5), [1, 2, 3, 5, 8].map(kept).concat(waiting(6), waiting(4)), [2])).toEqual([
      1, 3, 4,
    ]);
  });
});

describe('a change of variables', () => {
  it('sets new values and keeps the date of unchanged ones', () => {
    expect(withSet(now, { B: '2', C: '3' }, 30)).toEqual({ ...now, C: { value: '3', at: 30 } });
    expect(withSet(now, { A: '' }, 30).A).toEqual({ value: '', at: 30 });
    expect(now).toHaveProperty('A.value', '1');
  });

  it('unsets variables and rejects one that is not set', () => {
    expect(withUnset(now, ['A'])).toEqual({ B: now.B });
    expect(() => withUnset(now, ['C'])).toThrow('C is not set.');
  });

  it('is empty when no value differs', () => {
    expect(sameValues(now, { ...now, A: { value: '1', at: 99 } })).toBe(true);
    expect(sameValues(now, { A: { value: '1', at: 10 } })).toBe(false);
    expect(sameValues({}, now)).toBe(false);
  });

  it('is rejected when the system could not pass it to a program', () => {
    expect(() => withSet({}, { A: 'x\0y' }, 1)).toThrow('The value of A has a zero byte in it.');
    expect(() => withSet({}, { A: 'é'.repeat(50_001) }, 1)).toThrow(
      'The value of A is longer than 100000 bytes.',
    );
    const many = Object.fromEntries([...'abcdefghijk'].map((name) => [name, 'x'.repeat(95_000)]));
    expect(() => withSet({}, many, 1)).toThrow('Together they are longer');
  });

  it('never quotes a value in its error', () => {
    const refused = (): unknown => withSet({}, { A: 'canary\0canary' }, 1);
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
    ['PATH', 'the app runs with the Node that has built it'],
    ['NODE_OPTIONS', 'Node reads it before your app starts'],
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
