/** Reads the `app` section of a checked-out commit's own deploy.config.js. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { deploymentLog, runCommand } from '../command';
import { parseAppSettings } from '../config';
import { KnownError } from '../core/errors';
import { tellingLine } from '../core/telling';
import type { AppSettings } from '../core/types';
import type { Home } from '../home';

const LIMIT_SECONDS = 20;

/**
 * The file is the commit's code: it runs in a process of its own, and only its JSON comes back. The text
 * stands here, and not in a file, so that it is there in whatever form the kit is built.
 */
const READER = `
const [file, answer] = process.argv.slice(1);
import(require('node:url').pathToFileURL(file)).then(({ default: config }) => {
  require('node:fs').writeFileSync(answer, JSON.stringify({ app: config?.app }));
  process.exit(0);
});
`;

/** How the commit wants to be built and started; defaults without a file. Throws E_CONFIG. */
export async function readAppSettings(home: Home, deploymentId: number, dir: string): Promise<AppSettings> {
  const file = path.join(dir, 'deploy.config.js');
  if (!existsSync(file)) return parseAppSettings({});
  const answer = `${dir}.app.new`;
  rmSync(answer, { force: true });
  try {
    const { timedOut, lastLines } = await runCommand({
      argv: [process.execPath, '-e', READER, file, answer],
      label: 'read deploy.config.js',
      cwd: dir,
      logFile: deploymentLog(home, deploymentId),
      timeoutSeconds: LIMIT_SECONDS,
      deploymentId,
    });
    if (timedOut) throw new KnownError('E_CONFIG', `deploy.config.js took longer than ${LIMIT_SECONDS} s.`);
    if (!existsSync(answer)) {
      throw new KnownError('E_CONFIG', `deploy.config.js cannot be read: ${tellingLine(lastLines)}`);
    }
    return parseAppSettings(JSON.parse(readFileSync(answer, 'utf8')));
  } finally {
    rmSync(answer, { force: true });
  }
}
