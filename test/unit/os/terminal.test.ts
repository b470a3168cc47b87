import {
  adaptSigns,
  canRedraw,
  coloured,
  coloursFor,
  inAscii,
  speaksUtf8,
} from '../../../deploy/os/terminal';

const TERMINAL = { isTTY: true };
const PIPE = {};

test.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv, boolean]>([
  ['a terminal', TERMINAL, { TERM: 'xterm' }, true],
  ['a pipe', PIPE, { TERM: 'xterm' }, false],
  ['a dumb terminal', TERMINAL, { TERM: 'dumb' }, false],
  ['CI with a terminal', TERMINAL, { CI: 'true' }, false],
  ['CI=1', TERMINAL, { CI: '1' }, false],
  ['CI=false', TERMINAL, { CI: 'false' }, true],
])('lines are redrawn as they should be in %s', (_name, out, env, expected) => {
  expect(canRedraw(out, env)).toBe(expected);
});

test.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv, boolean]>([
  ['a terminal', TERMINAL, {}, true],
  ['a pipe', PIPE, {}, false],
  ['a terminal with NO_COLOR', TERMINAL, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', TERMINAL, { NO_COLOR: '' }, true],
  ['a pipe with FORCE_COLOR', PIPE, { FORCE_COLOR: '1' }, true],
  ['CI with FORCE_COLOR', PIPE, { CI: 'true', FORCE_COLOR: '3' }, true],
  ['a terminal with FORCE_COLOR=0', TERMINAL, { FORCE_COLOR: '0' }, false],
  ['a pipe with both', PIPE, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
])('lines are coloured as they should be in %s', (_name, out, env, expected) => {
  expect(coloured('✓ start', coloursFor(out, env)) !== '✓ start').toBe(expected);
});

test.each<[NodeJS.ProcessEnv, boolean]>([
  [{}, true],
  [{ LANG: 'ko_KR.UTF-8' }, true],
  [{ LANG: 'en_US.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'ko_KR.eucKR' }, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, false],
  [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
  [{ LANG: 'C.UTF-8', LC_ALL: '' }, true],
])('the locale of %j has UTF-8: %s', (env, expected) => {
  expect(speaksUtf8(env)).toBe(expected);
});

test('without UTF-8, the signs of Switchyard are ASCII and other text stays unchanged', () => {
  expect(inAscii('✓ LIVE … blue → green ✗ 안녕')).toBe('+ LIVE ... blue -> green x 안녕');
});

test('an output is adapted only where the locale asks for it', () => {
  const adapted = written({ LANG: 'C' });
  expect(adapted).toBe('+ done');
  expect(written({ LANG: 'C.UTF-8' })).toBe('✓ done');
});

function written(env: NodeJS.ProcessEnv): string {
  let text = '';
  const output = { write: (chunk: string) => ((text += chunk), true) } as unknown as NodeJS.WriteStream;
  adaptSigns([output], env);
  output.write('✓ done');
  return text;
}
