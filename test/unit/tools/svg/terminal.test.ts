/** How a transcript is highlighted and drawn. */
import { highlight, paint, type Span } from '../../../../tools/lib/styles';
import { terminalPicture, wrap } from '../../../../tools/svg/terminal';

const picture = (lines: Span[][]): string => terminalPicture(lines, 'npm run demo');

/** The visible text of a picture, row by row. */
function textOf(svg: string): string[] {
  return [...svg.matchAll(/<text y=[^]*?<\/text>/g)].map(([row]) => row.replace(/<[^>]*>/g, ''));
}

function heightOf(svg: string): number {
  return Number(/ height="(\d+)"/.exec(svg)?.[1]);
}

describe('the styles of the line', () => {
  it.each([
    ['$ npm start', ['$ |prompt', 'npm start|typed']],
    ['# Go back.', ['# Go back.|comment']],
    ['> node scripts/start.js', ['> node scripts/start.js|quiet']],
    ['✓ start  0.6 s', ['✓|good', ' start  0.6 s|plain']],
    ['✗ start  0.6 s', ['✗|bad', ' start  0.6 s|plain']],
    ['✓ LIVE in 2.4 s', ['✓ LIVE in 2.4 s|live']],
    ['✓ v1.0.0 a1b2c3d is live on blue', ['✓ v1.0.0 a1b2c3d is live on blue|live']],
    ['remote: ✗ NOT LIVE. Why.', ['remote: |remote', '✗ NOT LIVE. Why.|dead']],
    ['remote:   to roll back: …', ['remote: |remote', '  to roll back: …|quiet']],
    ['remote: - superseded', ['remote: |remote', '- superseded|plain']],
    ['! 1 changed file', ['! 1 changed file|warning']],
    ["-const A = 'a';", ["-const A = 'a';|bad"]],
    ["+const A = 'b';", ["+const A = 'b';|good"]],
    ['    <h1>Hello</h1>', ['    <h1>Hello</h1>|plain']],
    ['', []],
  ])('%s', (line, expected) => {
    expect(highlight(line).map(({ text, style }) => `${text}|${style}`)).toEqual(expected);
  });

  it('become colour codes around the same text in a terminal', () => {
    expect(paint(highlight('remote: ✓ verify'))).toBe('\x1b[34mremote: \x1b[0m\x1b[32m✓\x1b[0m verify');
  });
});

describe('the picture of a terminal', () => {
  it('shows every line in order, and is one row higher for each', () => {
    const lines = ['$ npm start', '✓ live', 'plain'];
    expect(textOf(picture(lines.map(highlight)))).toEqual(lines);
    const [one, two, three] = [1, 2, 3].map((count) =>
      heightOf(picture(lines.slice(0, count).map(highlight))),
    );
    expect(three! - two!).toBe(two! - one!);
    expect(two! - one!).toBeGreaterThan(13);
  });

  it('gives an empty line the height of any other', () => {
    const gap = picture(['a', '', 'b'].map(highlight));
    expect(heightOf(gap)).toBe(heightOf(picture(['a', 'x', 'b'].map(highlight))));
  });

  it('wraps a long line at the last column, as a terminal does, and keeps its colours', () => {
    const rows = wrap(highlight('remote: ✓ abcdef'), 10);
    expect(rows.map((row) => row.map(({ text }) => text).join(''))).toEqual(['remote: ✓ ', 'abcdef']);
    expect(rows[1]).toEqual([{ text: 'abcdef', style: 'plain' }]);
  });

  it('does not split a character', () => {
    expect(wrap([{ text: 'a😀b', style: 'plain' }], 2).map((row) => row[0]?.text)).toEqual(['a😀', 'b']);
  });

  it('gives each part of a line a fixed column, so that the font does not matter', () => {
    const [first, second] = [...picture([highlight('remote: ✓ x')]).matchAll(/<tspan x="([\d.]+)"/g)].map(
      ([, x]) => Number(x),
    );
    const [only] = [...picture([highlight('remote: !')]).matchAll(/textLength="([\d.]+)"/g)].map(
      ([, length]) => Number(length),
    );
    expect(second! - first!).toBeCloseTo(only!);
  });

  it('escapes markup and removes characters that XML does not allow', () => {
    const svg = terminalPicture([highlight(`<a href="x">&'\x07`)], '<&>');
    expect(svg).not.toMatch(/<a |\x07/);
    expect(svg).toContain('&#60;a href=&#34;x&#34;&#62;&#38;&#39; <');
    expect(svg).toContain('>&#60;&#38;&#62;</title>');
  });

  it('refers to no other file', () => {
    const svg = picture([highlight('$ npm start')]);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|<script|<image/);
  });
});

describe('the sweep over lanes', () => {
  const lane = (text: string): Span[] => [
    { text: 'blue     ', style: 'blue' },
    { text, style: 'blue' },
  ];
  const rows = [lane('▇▇▇▇'), lane('  ━━'), highlight('between'), lane('▇▇▇▇▇▇')];
  const sweep = { fromMs: 1000, eachMs: 3000 };
  const svg = terminalPicture(rows, 'npm run tour', { sweep });
  const covers = [
    ...svg.matchAll(/<rect class="cover c\d".*? y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
  ];

  it('covers adjacent lanes together, and no text', () => {
    expect(covers.map(([, , width, height]) => [Number(width), Number(height)])).toEqual([
      [31.32, 38],
      [46.98, 19],
    ]);
  });

  it('crosses one panel after the other, and then shows all of them for a while', () => {
    // 1 s, 4 s and 7 s of 13 s
    expect(svg).toContain('@keyframes c0{0%,7.69%{transform:none}30.77%,100%{transform:scaleX(0)}}');
    expect(svg).toContain('@keyframes c1{0%,30.77%{transform:none}53.85%,100%{transform:scaleX(0)}}');
    expect(svg).toContain('c1 13000ms linear infinite');
  });

  it('plays once and ends with the last frame if it is to', () => {
    const once = terminalPicture(rows, 'npm run tour', { sweep, once: true });
    expect(once).toContain('c1 7000ms linear both');
    expect(once).not.toContain('infinite');
  });

  it('covers nothing for readers who prefer reduced motion', () => {
    const [always = '', moving] = svg.split('@media (prefers-reduced-motion:no-preference)');
    expect(always).toContain('.cover,.head{opacity:0}');
    expect(always).not.toContain('animation');
    expect(moving).toContain('animation');
  });

  it('is absent from a still picture', () => {
    expect(terminalPicture(rows, 'npm run tour')).not.toMatch(/cover|animation/);
  });
});
