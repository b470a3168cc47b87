/**
 * Flushes everything that was written to a file system. Node can flush single files, and a release has 20,000: one
 * syncfs(2), which coreutils calls `sync -f`, takes a fraction of the time.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KnownError } from '../core/errors';

const run = promisify(execFile);

/**
 * Returns when all that was written to the file systems of these folders survives a power cut. Throws E_DISK when a
 * disk reports that it could not write.
 */
export async function flushFileSystems(folders: readonly string[]): Promise<void> {
  try {
    await run('sync', ['-f', '--', ...new Set(folders)]);
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const why = stderr.trim().split('\n')[0] || message;
    throw new KnownError('E_DISK', `The disk did not write what was released: ${why}`);
  }
}
