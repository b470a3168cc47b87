import type { FileFacts } from '../../../deploy/core/release-damage';
import { damagedFiles } from '../../../deploy/core/release-damage';

const BUILT: FileFacts = { size: 10, changedAt: 100 };
const damage = (
  present: FileFacts | null | undefined,
  built: FileFacts | null = BUILT,
  file = 'a.js',
): string | null =>
  damagedFiles(new Map([[file, built]]), new Map(present === undefined ? [] : [[file, present]]));

describe('a file of a release', () => {
  it.each<[string, string, FileFacts | undefined]>([
    ['missing', 'a.js is missing', undefined],
    ['empty', 'a.js is empty', { size: 0, changedAt: 100 }],
    ['empty and newer than its build', 'a.js is empty', { size: 0, changedAt: 200 }],
    ['shorter and no newer', 'a.js is cut off', { size: 5, changedAt: 100 }],
  ])('is damaged when it is %s', (_how, message, present) => {
    expect(damage(present)).toBe(message);
  });

  it.each<[string, FileFacts]>([
    ['unchanged', BUILT],
    ['rewritten by the app', { size: 5, changedAt: 200 }],
    ['touched', { size: 10, changedAt: 200 }],
  ])('is not damaged when it is %s', (_how, present) => {
    expect(damage(present)).toBeNull();
  });

  it('may be empty when it was built empty', () => {
    expect(damage({ size: 0, changedAt: 100 }, { size: 0, changedAt: 100 })).toBeNull();
  });

  it('may be missing from a cache', () => {
    for (const file of ['node_modules/.cache/x', '.next/cache/x'])
      expect(damage(undefined, BUILT, file)).toBeNull();
  });

  it('is damaged when it was a link and is missing', () => {
    expect(damage(undefined, null)).toBe('a.js is missing');
    expect(damage(null, null)).toBeNull();
  });

  it('is ignored when the app added it', () => {
    expect(damagedFiles(new Map(), new Map([['new.log', BUILT]]))).toBeNull();
  });
});

it('the damage to a release is reported with the first file and the number of others', () => {
  const built = new Map(['a', 'b', 'c'].map((name) => [name, BUILT]));
  expect(damagedFiles(built, new Map())).toBe('a is missing, and 2 more files are damaged');
});
