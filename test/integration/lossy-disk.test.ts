/** Tests the tests' own power cut: a disk that loses nothing would prove nothing. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lossyDisk, lossyDiskPossible } from '../support/lossy-disk';
import { needs } from '../support/needs';
import { afterwards } from '../support/temp-home';

needs('a disk of its own', lossyDiskPossible).describe('a disk whose power is cut', () => {
  it('keeps flushed files and leaves unflushed files empty', () => {
    const disk = lossyDisk();
    afterwards(() => disk.remove());
    const [flushed, unflushed] = ['flushed', 'unflushed'].map((name) => path.join(disk.dir, name));
    writeFileSync(flushed as string, 'content');
    disk.flush();
    writeFileSync(unflushed as string, 'content');
    disk.flushNames();

    disk.cut();
    expect(() => writeFileSync(path.join(disk.dir, 'late'), 'content')).toThrow('EIO');
    disk.powerUp();

    expect(readFileSync(flushed as string, 'utf8')).toBe('content');
    expect(statSync(unflushed as string).size).toBe(0);
  });
});
