// @ts-check
/**
 * Pure: a transcript as the picture of a terminal. One dark card, whatever the page around it; no fonts, scripts
 * or files of others.
 */
'use strict';
const { blocksPath, isBlocks } = require('./blocks');

const COLUMNS = 104;
const CELL = { width: 7.83, height: 19 };
const FONT = {
  size: 13,
  family: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace",
};
/** From the base line to the cell's end. */
const BELOW = 5;
const BAR = 38;
const MARGIN = { x: 20, top: 10, bottom: 18 };
const CARD = { paper: '#161b22', bar: '#21262d', line: '#30363d', radius: 10 };
/** How long a moving picture shows its end. */
const LAST_SHOWN_MS = 6000;
const LIGHTS = ['#ff5f57', '#febc2e', '#28c840'];

/** Every colour has 4.5 : 1 or more on the card (WCAG AA). @type {Record<import('./colours').Style, string>} */
const STYLES = {
  plain: 'fill:#c9d1d9',
  quiet: 'fill:#8b949e',
  prompt: 'fill:#8b949e',
  typed: 'fill:#f0f6fc;font-weight:600',
  comment: 'fill:#d2a8ff;font-style:italic',
  remote: 'fill:#79c0ff',
  good: 'fill:#56d364',
  bad: 'fill:#ff7b72',
  warning: 'fill:#e3b341',
  live: 'fill:#56d364;font-weight:600',
  dead: 'fill:#ff7b72;font-weight:600',
  heading: 'fill:#f0f6fc;font-weight:600',
  blue: 'fill:#58a6ff',
  'blue-old': 'fill:#2f65a8',
  green: 'fill:#3fb950',
  'green-old': 'fill:#2a7a38',
  amber: 'fill:#e3a52b',
  'amber-old': 'fill:#8f6a22',
  violet: 'fill:#bc8cff',
  'violet-old': 'fill:#7352a8',
};

/**
 * With `startsMs`, each line appears at its time, and the picture plays again and again.
 * @param {import('./colours').Span[][]} lines
 * @param {{ title?: string, startsMs?: number[] }} [options]
 * @returns {string}
 */
function svgOf(lines, options) {
  const { title: name = 'npm run demo', startsMs = [] } = options || {};
  const title = escape(name);
  const wrapped = lines.map((line, index) =>
    wrap(line, COLUMNS).map((spans) => ({ spans, startMs: startsMs[index] })),
  );
  const rows = wrapped.reduce((all, some) => all.concat(some), []);
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN.x);
  const height = BAR + MARGIN.top + rows.length * CELL.height + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    style(startsMs),
    card(width, height, title),
    ...rows.map(({ spans, startMs }, index) => {
      const row = textRow(spans, BAR + MARGIN.top + (index + 1) * CELL.height - BELOW);
      return startMs === undefined ? row : `<g class="at${startMs}">${row}</g>`;
    }),
    '</svg>\n',
  ].join('\n');
}

/** A line as a terminal breaks it: at the last column, wherever that is. @param {import('./colours').Span[]} line @param {number} columns */
function wrap(line, columns) {
  /** @type {import('./colours').Span[]} */
  let row = [];
  const rows = [row];
  let left = columns;
  for (const { text, style } of line) {
    const characters = [...text];
    while (characters.length > 0) {
      if (left === 0) {
        rows.push((row = []));
        left = columns;
      }
      const part = characters.splice(0, left);
      left -= part.length;
      row.push({ text: part.join(''), style });
    }
  }
  return rows;
}

/** @param {number[]} startsMs */
function style(startsMs) {
  const rules = Object.entries(STYLES).map(([name, rule]) => `.${name}{${rule}}`);
  return `<style>text{font:${FONT.size}px ${FONT.family};white-space:pre}${rules.join('')}${motion(startsMs)}</style>`;
}

/** Readers who ask for less motion get the whole picture at once. @param {number[]} startsMs */
function motion(startsMs) {
  if (startsMs.length === 0) return '';
  const wholeMs = Math.max(...startsMs) + LAST_SHOWN_MS;
  const rules = [...new Set(startsMs)].map((startMs) => {
    const share = `${round((startMs / wholeMs) * 100)}%`;
    return `@keyframes at${startMs}{0%{opacity:0}${share},100%{opacity:1}}.at${startMs}{animation:at${startMs} ${wholeMs}ms step-end infinite}`;
  });
  return `@media (prefers-reduced-motion:no-preference){${rules.join('')}}`;
}

/** @param {number} width @param {number} height @param {string} title */
function card(width, height, title) {
  const { paper, bar, line, radius } = CARD;
  const lights = LIGHTS.map(
    (colour, index) => `<circle cx="${22 + index * 20}" cy="${BAR / 2}" r="6" fill="${colour}"/>`,
  );
  return [
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="${radius}" fill="${paper}" stroke="${line}"/>`,
    `<path d="M.5 ${BAR}V${radius}a${radius} ${radius} 0 0 1 ${radius}-${radius}H${width - radius}a${radius} ${radius} 0 0 1 ${radius - 0.5} ${radius}V${BAR}z" fill="${bar}"/>`,
    ...lights,
    `<text x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle" class="quiet">${title}</text>`,
  ].join('\n');
}

/** Each span has its place and width: whatever font a reader has, columns stay columns. @param {import('./colours').Span[]} row @param {number} y of the base line */
function textRow(row, y) {
  let column = 0;
  let spans = '';
  let shapes = '';
  for (const { text, style: name } of row) {
    const length = [...text].length;
    const x = MARGIN.x + column * CELL.width;
    column += length;
    if (isBlocks(text)) {
      shapes += `<path class="${name}" d="${blocksPath(text, { x, y: y + BELOW - CELL.height, ...CELL })}"/>`;
    } else if (text.trim() !== '') {
      const place = `x="${round(x)}" textLength="${round(length * CELL.width)}"`;
      spans += `<tspan ${place} class="${name}">${escape(text)}</tspan>`;
    }
  }
  return shapes + (spans && `<text y="${y}" xml:space="preserve">${spans}</text>`);
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

/** Control characters have no place in XML. @param {string} text */
function escape(text) {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

module.exports = { svgOf, wrap };
