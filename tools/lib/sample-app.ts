import { existsSync } from 'node:fs';
import path from 'node:path';
import { KnownFailure } from '../../scripts/lib/known';

/** Throws E_USAGE if app/ holds the user's own app. @param tool the tool that would change it: "The demo" */
export function requireSampleApp(root: string, tool: string): void {
  if (existsSync(path.join(root, 'app', 'page.ts'))) return;
  throw new KnownFailure(
    'E_USAGE',
    `${tool} changes the sample app, and app/ contains a different one.`,
    'Run it in a fresh clone; yours goes live with npm start.',
  );
}
