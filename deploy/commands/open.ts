/** `open`: prints the app's address, and opens it in a browser if there is one. */
import { spawn } from 'node:child_process';
import { jsonText } from '../core/terminal-text';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';

export function openCommand(options: Options): number {
  const url = `http://localhost:${openCloneContext().config.http.port}`;
  console.log(options.json ? jsonText({ url }) : url);
  if (!options.json && hasDesktop(process.env)) openInBrowser(url);
  return 0;
}

/** A server and an SSH session have no browser; the address is enough there. */
function hasDesktop({ DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): boolean {
  return Boolean(DISPLAY ?? WAYLAND_DISPLAY) && process.stdout.isTTY;
}

function openInBrowser(url: string): void {
  const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
  // the address was printed, so a missing xdg-open is not a failure
  child.on('error', () => undefined);
  child.unref();
}
