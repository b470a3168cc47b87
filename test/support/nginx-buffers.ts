/** The temporary files in which nginx buffers requests and responses. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { openDescriptors } from '../../deploy/os/open-files';
import { processesOf } from '../../deploy/traffic/nginx-processes';

/** Their size. nginx removes the name of such a file immediately, so only its workers' descriptors show it. */
export function bufferedBytes(home: Home): number {
  const folders = path.join(home.nginx, 'temp-');
  const files = processesOf(home).flatMap((pid) =>
    openDescriptors(pid).flatMap(({ fd, file }) =>
      file.startsWith(folders) ? [`/proc/${pid}/fd/${fd}`] : [],
    ),
  );
  // a file may have been closed since
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}
