/** Tests how the tour draws in a terminal, and that it restores the terminal. */
import { Screen } from '../../../../tools/tour/screen';

const SHOW_CURSOR = '\x1b[?25h';
const HIDE_CURSOR = '\x1b[?25l';

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

it('hides the cursor once while it draws, and shows it again when it closes', () => {
  const { screen, written } = terminal({ columns: 80, rows: 24 });
  screen.draw(frame('one'));
  screen.draw(frame('two'));
  expect(written().split(HIDE_CURSOR)).toHaveLength(2);
  expect(written()).not.toContain(SHOW_CURSOR);
  screen.close();
  screen.close();
  expect(written().split(SHOW_CURSOR)).toHaveLength(2);
  expect(process.listeners('exit')).not.toContain(screen.close);
});

it('replaces the lines of the last frame, but no final rows', () => {
  const { screen, written, forget } = terminal({ columns: 80, rows: 24 });
  screen.draw(frame('one', 'two', 'three'));
  forget();
  screen.print(frame('final'));
  expect(written()).toContain('\x1b[3A\r');
  forget();
  screen.draw(frame('next'));
  expect(written()).not.toMatch(/\x1b\[\d+A/);
});

it('accounts for lines that a narrower terminal has wrapped', () => {
  const { screen, out, written, forget } = terminal({ columns: 80, rows: 24 });
  screen.draw(frame('x'.repeat(79), 'short'));
  out.columns = 40;
  forget();
  screen.draw(frame('y'.repeat(79)));
  expect(written()).toContain('\x1b[3A\r');
  expect(written()).toContain('y'.repeat(39));
  expect(written()).not.toContain('y'.repeat(40));
});

it('does not draw a frame that is higher than the terminal, but prints it in the end', () => {
  const { screen, written } = terminal({ columns: 80, rows: 3 });
  screen.draw(frame('one', 'two', 'three'));
  expect(written()).toBe('');
  screen.print(frame('one', 'two', 'three'));
  expect(written()).toContain('three');
});

it('writes only final rows into a pipe, as plain lines', () => {
  const { screen, written } = terminal({ isTTY: false });
  screen.draw(frame('on the way'));
  screen.print(frame('final', ''));
  screen.close();
  expect(written()).toBe('final\n\n');
});

const open: InstanceType<typeof Screen>[] = [];

function terminal({ isTTY = true, columns = 80, rows = 24 }) {
  let text = '';
  const write = (part: unknown): boolean => Boolean((text += String(part)));
  const out = { isTTY, columns, rows, write };
  // the tests may run in any terminal
  const { TERM } = process.env;
  process.env.TERM = 'xterm';
  const screen = new Screen(out);
  if (TERM === undefined) delete process.env.TERM;
  else process.env.TERM = TERM;
  open.push(screen);
  return { screen, out, written: () => text, forget: () => (text = '') };
}

function frame(...lines: string[]) {
  return lines.map((text) => [{ text, style: 'plain' as const }]);
}
