// @ts-check
/** The look of the pictures, in a light page and a dark one. No fonts, scripts or files of others. */
'use strict';

/** Each slot's colour and its pale sister, light and dark. */
const SLOTS = {
  blue: { light: ['#0969da', '#ddf4ff'], dark: ['#1f6feb', '#121d2f'] },
  green: { light: ['#1a7f37', '#dafbe1'], dark: ['#238636', '#12261e'] },
  amber: { light: ['#9a6700', '#fff8c5'], dark: ['#9e6a03', '#272115'] },
  violet: { light: ['#8250df', '#fbefff'], dark: ['#8957e5', '#1d1731'] },
};
const REST = {
  light: {
    card: '#ffffff',
    edge: '#d0d7de',
    ink: '#1f2328',
    quiet: '#59636e',
    red: '#cf222e',
    down: '#cf222e',
    on: '#ffffff',
  },
  dark: {
    card: '#0d1117',
    edge: '#3d444d',
    ink: '#f0f6fc',
    quiet: '#9198a1',
    red: '#f85149',
    down: '#da3633',
    on: '#ffffff',
  },
};
const FONT =
  "13px system-ui, 'Segoe UI', Helvetica, Arial, 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', NanumGothic, sans-serif";

/** Pixels of each kind of text. */
const SIZES = { title: 20, row: 13, step: 13, note: 12, aws: 11.5, bar: 13, waits: 12.5, bad: 13, key: 12 };

const STYLE = `<style>
  svg { ${variables('light')} }
  @media (prefers-color-scheme: dark) { svg { ${variables('dark')} } }
  text { font: ${FONT}; fill: var(--ink); text-anchor: middle }
  .title { font-size: ${SIZES.title}px; font-weight: 700; text-anchor: start }
  .row { font-weight: 600; text-anchor: start }
  .step { font-weight: 600 }
  .note { font-size: ${SIZES.note}px; fill: var(--quiet) }
  .aws { font-size: ${SIZES.aws}px; fill: var(--quiet) }
  .key { font-size: ${SIZES.key}px; fill: var(--quiet); text-anchor: end }
  .bar { font-weight: 600; fill: var(--on) }
  .over { paint-order: stroke; stroke: #1f2328; stroke-opacity: .5; stroke-width: 3px; stroke-linejoin: round }
  .waits { font-size: ${SIZES.waits}px }
  .bad { fill: var(--red) }
  .card { fill: var(--card); stroke: var(--edge) }
  .line { stroke: var(--edge) }
  .moment { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 3 }
  .down { fill: var(--down) }
  .tip { fill: var(--red) }
  .empty { fill: none; stroke: var(--edge); stroke-dasharray: 4 4 }
  .back { fill: none; stroke: var(--red); stroke-width: 1.5; stroke-dasharray: 5 4 }
  .stripe { stroke: var(--on); stroke-opacity: .22; stroke-width: 5 }
${Object.keys(SLOTS).map(slotRules).join('\n')}
</style>
<defs>
  <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path class="tip" d="M0 0 8 4 0 8z"/></marker>
  <pattern id="stripes" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="stripe" d="M3 0v12"/></pattern>
</defs>`;

/** @param {'light' | 'dark'} page */
function variables(page) {
  const slots = Object.entries(SLOTS).flatMap(([slot, colours]) => {
    const [full, pale] = colours[page];
    return [`--${slot}: ${full}`, `--pale${slot}: ${pale}`];
  });
  return [...Object.entries(REST[page]).map(([name, colour]) => `--${name}: ${colour}`), ...slots].join('; ');
}

/** @param {string} slot */
function slotRules(slot) {
  return `  .${slot} { fill: var(--${slot}) } .pale${slot} { fill: var(--pale${slot}); stroke: var(--${slot}); stroke-width: 1.5 }`;
}

module.exports = { STYLE, SIZES, SLOTS, REST };
