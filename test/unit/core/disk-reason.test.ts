import { diskReason, hidesDiskReason } from '../../../deploy/core/disk-reason';
import { asKnown } from '../../../deploy/core/errors';

it('disk faults are recognized in errors of the kernel, git and npm', () => {
  const errno = (code: string): Error => Object.assign(new Error('failed'), { code });
  expect(['EROFS', 'ENOSPC', 'EDQUOT', 'EIO', 'ENOENT'].map((code) => diskReason(errno(code)))).toEqual([
    'EROFS',
    'ENOSPC',
    'EDQUOT',
    'EIO',
    null,
  ]);
  expect(diskReason(new Error('cannot lock ref: Read-only file system'))).toBe('EROFS');
  expect(diskReason(new Error('npm error ENOSPC: no space left on device, mkdir'))).toBe('ENOSPC');
  expect(diskReason(new Error('a STUDIO is not an EIOU'))).toBeNull();
});

it('errors of SQLite and of a recursive mkdir that may hide a disk fault are recognized', () => {
  expect(hidesDiskReason(Object.assign(new Error('x'), { code: 'SQLITE_CANTOPEN' }))).toBe(true);
  expect(hidesDiskReason(new Error('unable to open database file'))).toBe(true);
  const mkdir = new Error("ENOENT: no such file or directory, mkdir '/h/mirror.git.new'");
  expect(hidesDiskReason(Object.assign(mkdir, { code: 'ENOENT' }))).toBe(true);
  expect(hidesDiskReason(new Error('database is locked'))).toBe(false);
});

it('a disk fault is never reported as a bug', () => {
  const codes = ['EROFS', 'ENOSPC', 'EDQUOT', 'EIO'].map((code) =>
    asKnown(Object.assign(new Error(`${code}: a disk`), { code })),
  );
  expect(codes.map(({ code }) => code)).toEqual(['E_READ_ONLY', 'E_DISK', 'E_DISK', 'E_DISK_FAILS']);
});
