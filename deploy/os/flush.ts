/**
 * Flushes whole file systems. Node can flush only single files, and a release has 20,000; one syncfs(2), by `sync -f`
 * of coreutils, takes a fraction of the time.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KnownError } from '../core/errors';

const run = promisify(execFile);

/**
 * Resolves once everything written to the file systems of these folders would survive a power cut. Throws E_DISK if a
 * disk reports a write error.
 */
export async function flushFileSystems(folders: readonly string[]): Promise<void> {
  try {
    await run('sync', ['-f', '--', ...new Set(folders)]);
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const why = stderr.trim().split('\n')[0] || message;
    throw new KnownError('E_DISK', `The release could not be flushed to disk: ${why}`);
  }
}
