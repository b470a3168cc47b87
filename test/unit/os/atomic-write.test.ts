import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeAtomically } from '../../../deploy/os/atomic-write';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'atomic-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writeAtomically', () => {
  it.each([true, false])('replaces the content and leaves no temporary file (durable: %s)', (durable) => {
    const file = path.join(folder, 'settings.json');
    writeFileSync(file, 'old');
    writeAtomically(file, 'new', { durable });
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it('keeps an open reader on the old content', () => {
    const file = path.join(folder, 'settings.json');
    writeFileSync(file, 'old');
    const before = statSync(file).ino;
    writeAtomically(file, 'new');
    expect(statSync(file).ino).not.toBe(before);
  });

  it('gives the new file the requested mode, whatever the old one had', () => {
    const file = path.join(folder, 'secret');
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);
    writeAtomically(file, 'new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('removes its temporary file when the rename fails', () => {
    const file = path.join(folder, 'taken');
    mkdirSync(path.join(file, 'child'), { recursive: true });
    expect(() => writeAtomically(file, 'new')).toThrow();
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});
