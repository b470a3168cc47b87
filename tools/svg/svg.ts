/** SVG elements as text. Everything is escaped; numbers have at most two decimals. Pure. */

export type Attributes = Record<string, string | number>;

export interface Drawing {
  width: number;
  height: number;
  title: string;
  /** The style sheet and definitions that come before the shapes. */
  head: string;
  shapes: string[];
}

/** A whole file. It must not refer to other files, because a page embeds it as an image. */
export function svgFile({ width, height, title, head, shapes }: Drawing): string {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  const frame = { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img', 'aria-labelledby': 'title' };
  return [
    `<svg${written(frame)}>`,
    `<title id="title">${escape(title)}</title>`,
    head,
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

export function text(attributes: Attributes, words: string): string {
  return group('text', attributes, escape(words));
}

export function rect(attributes: Attributes): string {
  return `<rect${written(attributes)}/>`;
}

export function circle(attributes: Attributes): string {
  return `<circle${written(attributes)}/>`;
}

export function path(attributes: Attributes): string {
  return `<path${written(attributes)}/>`;
}

/** An element around others, or around text that is escaped already. */
export function group(name: 'g' | 'text' | 'tspan', attributes: Attributes, content: string): string {
  return `<${name}${written(attributes)}>${content}</${name}>`;
}

export function round(value: number, decimals = 2): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

/** Control characters are not valid in XML. */
export function escape(words: string): string {
  return words.replace(/\p{Cc}/gu, ' ').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function written(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? round(value) : escape(value)}"`)
    .join('');
}
