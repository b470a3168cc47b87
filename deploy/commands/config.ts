/** `config`: prints every value of the configuration in force, and where it comes from. */
import type { Origin } from '../config/origins';
import { originsOf } from '../config/origins';
import { jsonText, terminalText } from '../core/terminal-text';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';

export function configCommand(options: Options): number {
  const { home, root, config } = openCloneContext();
  const origins = originsOf(root, home, config);
  if (options.json) console.log(jsonText({ values: origins }));
  else console.log(terminalText(linesOf(origins).join('\n')));
  return 0;
}

function linesOf(origins: Origin[]): string[] {
  const keys = Math.max(...origins.map(({ key }) => key.length));
  const texts = origins.map(({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)));
  // a long list must not push the last column off the screen
  const values = Math.min(40, Math.max(...texts.map(({ length }) => length)));
  return origins.map(
    ({ key, from }, at) => `${key.padEnd(keys)}  ${(texts[at] ?? '').padEnd(values)}  ${from}`,
  );
}
