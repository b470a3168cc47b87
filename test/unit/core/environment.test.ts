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

describe('which environment counts', () => {
  it('is the one that what serves was started with, whatever was kept since', () => {
    expect(inForce(live(3), [kept(3), kept(4), waiting(5)])).toBe(3);
    expect(inForce(live(null), [kept(4)])).toBe(0);
  });

  it('is the newest there is before anything was live, and with a new journal', () => {
    expect(inForce(null, [kept(3), waiting(5)])).toBe(5);
    expect(inForce(null, [])).toBe(0);
  });

  it('for the next deployment is the newest that waits', () => {
    expect(wanted(live(3), [kept(3), waiting(4), waiting(5)])).toBe(5);
  });

  it('for the next deployment is never one that was only to be tried, nor one that waited before the one in force', () => {
    expect(wanted(live(3), [waiting(2), kept(3), kept(4)])).toBe(3);
  });
});

describe('what is forgotten', () => {
  it('is neither in force, nor waiting, nor what a slot runs with, nor asked for just now', () => {
    expect(forgettable(live(5), [1, 2, 3, 5, 8].map(kept).concat(waiting(6), waiting(4)), [2])).toEqual([
      1, 3, 4,
    ]);
  });
});

describe('a change', () => {
  it('sets what is new, and keeps the date of what was the same before', () => {
    expect(withSet(now, { B: '2', C: '3' }, 30)).toEqual({ ...now, C: { value: '3', at: 30 } });
    expect(withSet(now, { A: '' }, 30).A).toEqual({ value: '', at: 30 });
    expect(now).toHaveProperty('A.value', '1');
  });

  it('unsets, and knows no variable that is not set', () => {
    expect(withUnset(now, ['A'])).toEqual({ B: now.B });
    expect(() => withUnset(now, ['C'])).toThrow('C is not set.');
  });

  it('is none when no value differs', () => {
    expect(sameValues(now, { ...now, A: { value: '1', at: 99 } })).toBe(true);
    expect(sameValues(now, { A: { value: '1', at: 10 } })).toBe(false);
    expect(sameValues({}, now)).toBe(false);
  });

  it('is refused where the system could not hand it to a program', () => {
    expect(() => withSet({}, { A: 'x\0y' }, 1)).toThrow('The value of A has a zero byte in it.');
    expect(() => withSet({}, { A: 'é'.repeat(50_001) }, 1)).toThrow(
      'The value of A is longer than 100000 bytes.',
    );
    const many = Object.fromEntries([...'abcdefghijk'].map((name) => [name, 'x'.repeat(95_000)]));
    expect(() => withSet({}, many, 1)).toThrow('Together they are longer');
  });

  it('never says a value in its refusal', () => {
    const refused = (): unknown => withSet({}, { A: 'canary\0canary' }, 1);
    expect(refused).toThrow('The value of A');
    expect(refused).not.toThrow('canary');
  });
});

describe('a name', () => {
  it.each(['DATABASE_URL', '_x', 'NODE_ENV', 'TZ', 'PORTAL', 'LDAP_URL'])('%s may be set', (name) => {
    expect(() => checkName(name)).not.toThrow();
  });

  it.each([
    ['PORT', 'Switchyard sets it for each slot'],
    ['SWITCHYARD_COMMIT', 'Switchyard sets it for each slot'],
    ['PATH', 'the app runs with the Node that has built it'],
    ['NODE_OPTIONS', 'Node reads it before your app starts'],
    ['LD_PRELOAD', 'it would load other code into the app'],
  ])('%s is not the owner’s to set, and it says why', (name, why) => {
    expect(() => checkName(name)).toThrow(
      expect.objectContaining({ code: 'E_ENV', message: `${name} cannot be set: ${why}.` }),
    );
  });

  it.each(['', '1A', 'A-B', 'A B', 'Ä', '__proto__x.y'])('%j is none', (name) => {
    expect(() => checkName(name)).toThrow('is not a valid variable name.');
  });
});
