/** Draws the transcript of the demo. Its lines appear one after the other, once, and then stay visible. Pure. */
import { highlight } from '../lib/styles';
import { terminalPicture } from '../svg/terminal';

const COMMAND_MS = 700;
const COMMENT_MS = 500;
const OUTPUT_MS = 130;

export function demoPicture(transcript: string[]): string {
  return terminalPicture(transcript.map(highlight), 'npm run demo', {
    startsMs: startsOf(transcript),
    once: true,
  });
}

/** Not the recorded times: the tests alone take seconds. */
function startsOf(lines: string[]): number[] {
  let now = 0;
  return lines.map((line) => {
    if (line.startsWith('$ ')) now += COMMAND_MS;
    else now += line.startsWith('# ') ? COMMENT_MS : OUTPUT_MS;
    return now;
  });
}
