/** The capabilities of an output: redrawn lines, colours, and signs outside ASCII. */
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

interface Screen {
  isTTY?: boolean;
}

/** Whether a line may be redrawn: in a terminal, but not in CI, whose log would keep every version of the line. */
export function canRedraw({ isTTY }: Screen, env: NodeJS.ProcessEnv = process.env): boolean {
  return isTTY === true && env.TERM !== 'dumb' && !isOn(env.CI);
}

/** The colours for an output. NO_COLOR turns them off anywhere, FORCE_COLOR turns them on in a pipe or in CI. */
export function coloursFor(out: Screen, env: NodeJS.ProcessEnv = process.env): Colours {
  const isForced = isOn(env.FORCE_COLOR);
  const isRefused = (env.NO_COLOR ?? '') !== '' || (env.FORCE_COLOR !== undefined && !isForced);
  return pc.createColors(!isRefused && (isForced || canRedraw(out, env)));
}

/** The line with its sign in colour; a verdict is coloured completely. */
export function coloured(line: string, colours: Colours): string {
  if (line.startsWith('✓ LIVE')) return colours.bold(colours.green(line));
  if (line.startsWith('✗ NOT LIVE')) return colours.bold(colours.red(line));
  if (line.startsWith('✓')) return colours.green('✓') + line.slice(1);
  if (line.startsWith('✗')) return colours.red('✗') + line.slice(1);
  if (line.startsWith('!')) return colours.yellow(line);
  return line.startsWith('  ') || line.startsWith('-') ? colours.dim(line) : line;
}

const IN_ASCII: Record<string, string> = { '✓': '+', '✗': 'x', '…': '...', '→': '->' };

/** Writes Switchyard's own signs in ASCII from now on, if the locale has another character set than UTF-8. */
export function adaptSigns(outputs: NodeJS.WriteStream[], env: NodeJS.ProcessEnv = process.env): void {
  if (speaksUtf8(env)) return;
  for (const output of outputs) {
    const write = output.write.bind(output) as (text: unknown, ...rest: unknown[]) => boolean;
    output.write = (text: unknown, ...rest: unknown[]) =>
      write(typeof text === 'string' ? inAscii(text) : text, ...rest);
  }
}

/** @returns the text with Switchyard's own signs in ASCII; all other characters stay */
export function inAscii(text: string): string {
  return text.replace(/[✓✗…→]/g, (sign) => IN_ASCII[sign] ?? sign);
}

/** True even without a locale: a server or container often has none, while its user's terminal has UTF-8. */
export function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((each) => each !== undefined && each !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
