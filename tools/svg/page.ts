/** The colours and the font of a picture on a light or a dark page. */

type Page = 'light' | 'dark';

/** Each slot's colour and its pale variant. */
export const SLOTS = {
  blue: { light: ['#0969da', '#ddf4ff'], dark: ['#1f6feb', '#121d2f'] },
  green: { light: ['#1a7f37', '#dafbe1'], dark: ['#238636', '#12261e'] },
  amber: { light: ['#9a6700', '#fff8c5'], dark: ['#9e6a03', '#272115'] },
  violet: { light: ['#8250df', '#fbefff'], dark: ['#8957e5', '#1d1731'] },
} as const satisfies Record<string, Record<Page, [full: string, pale: string]>>;

export type SlotColour = keyof typeof SLOTS;

export const COLOURS = {
  light: {
    card: '#ffffff',
    box: '#f6f8fa',
    edge: '#d0d7de',
    ink: '#1f2328',
    quiet: '#59636e',
    red: '#cf222e',
    palered: '#ffebe9',
    down: '#cf222e',
    on: '#ffffff',
  },
  dark: {
    card: '#0d1117',
    box: '#161b22',
    edge: '#3d444d',
    ink: '#f0f6fc',
    quiet: '#9198a1',
    red: '#f85149',
    palered: '#3c1618',
    down: '#da3633',
    on: '#ffffff',
  },
} as const satisfies Record<Page, Record<string, string>>;

export const FONT =
  "13px system-ui, 'Segoe UI', Helvetica, Arial, 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', NanumGothic, sans-serif";

/** The colours as CSS variables, for the page's colour scheme. */
export const VARIABLES = `  svg { ${variables('light')} }
  @media (prefers-color-scheme: dark) { svg { ${variables('dark')} } }`;

function variables(page: Page): string {
  const slots = Object.entries(SLOTS).flatMap(([slot, colours]) => {
    const [full, pale] = colours[page];
    return [`--${slot}: ${full}`, `--pale${slot}: ${pale}`];
  });
  return [...Object.entries(COLOURS[page]).map(([name, colour]) => `--${name}: ${colour}`), ...slots].join(
    '; ',
  );
}
