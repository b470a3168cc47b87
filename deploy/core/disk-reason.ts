/** Recognizes disk errors, whichever program or library reports them. Pure. */

export type DiskReason = 'EROFS' | 'ENOSPC' | 'EDQUOT' | 'EIO';

const REASONS: [DiskReason, RegExp][] = [
  ['EROFS', /\bEROFS\b|read-only file system/i],
  ['EDQUOT', /\bEDQUOT\b|disk quota exceeded/i],
  ['ENOSPC', /\bENOSPC\b|no space left on device/i],
  ['EIO', /\bEIO\b|input\/output error/i],
];

/** Null for any other error. */
export function diskReason(error: unknown): DiskReason | null {
  const { code, message } = partsOf(error);
  return REASONS.find(([reason, text]) => code === reason || text.test(message))?.[0] ?? null;
}

/**
 * True for errors that may hide the disk's real fault: SQLite's own, and ENOENT, which Node's recursive mkdir also
 * throws for a read-only disk.
 */
export function hidesDiskReason(error: unknown): boolean {
  const { code, message } = partsOf(error);
  return (
    (code === 'ENOENT' && message.includes(', mkdir ')) ||
    /^SQLITE_(CANTOPEN|IOERR|READONLY|FULL)/.test(code) ||
    /unable to open database file|disk I\/O error|readonly database|disk is full/.test(message)
  );
}

function partsOf(error: unknown): { code: string; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}
