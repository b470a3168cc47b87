/**
 * `npm run tour`: shows the strategies one after the other in a temporary copy of this clone, under light load. Each slot
 * is a lane that fills with its share of the responses. It leaves nothing behind.
 *
 * `npm run tour -- --strategy rolling` shows one; `--svg FILE --text FILE` saves what was shown; `--lang ko` is in Korean.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from '../scripts/lib/build';
import { KnownFailure } from '../scripts/lib/known';
import { readOptions } from './lib/options';
import { requireSampleApp } from './lib/sample-app';
import { terminalPicture } from './svg/terminal';
import { play } from './tour/play';
import { textOf } from './tour/screen';
import { tourStrategies } from './tour/strategies';
import { speak } from './tour/words';

const ROOT = path.resolve(__dirname, '..');
const HINT =
  'npm run tour -- --strategy blue-green --lang ko --svg tour.svg --text tour.txt; each is optional.';

/** How long the picture takes to play each strategy. */
const SWEEP = { fromMs: 500, eachMs: 4000 };

export async function main(args: string[]): Promise<void> {
  const { strategy, svg, text, lang } = readOptions(args, ['strategy', 'svg', 'text', 'lang'], HINT);
  speak(lang);
  const strategies = tourStrategies();
  const chosen = strategies.filter(({ name }) => strategy === undefined || name === strategy);
  if (chosen.length === 0) {
    const known = strategies.map(({ name }) => name).join(', ');
    throw new KnownFailure('E_USAGE', `The tour does not show "${strategy}".`, `It shows: ${known}.`);
  }
  requireSampleApp(ROOT, 'The tour');
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const rows = await play(ROOT, chosen);
  if (text) writeFileSync(text, textOf(rows));
  if (svg) writeFileSync(svg, terminalPicture(rows, 'npm run tour', { sweep: SWEEP }));
}
