/** Draws docs/benchmarks.svg: failed requests per switch, and the p99 without and with switches. Pure. */
import { FONT, VARIABLES } from '../svg/page';
import { path, rect, svgFile, text } from '../svg/svg';
import type { PeersResult } from './sections/peers';

const WIDTH = 960;
const TOP = 92;
const ROW = 44;
/** The space for a value at the end of a bar. */
const VALUE = 50;

interface Panel {
  title: string;
  left: number;
  width: number;
}

const FAILED: Panel = { title: 'Failed requests per switch', left: 180, width: 330 };
const P99: Panel = { title: 'p99 in milliseconds', left: 560, width: 370 };

interface Bar {
  kind: 'red' | 'still' | 'blue';
  value: number;
}

const STYLE = `<style>
${VARIABLES}
  text { font: ${FONT}; fill: var(--ink) }
  .title { font-size: 15px; font-weight: 600 }
  .name { font-weight: 600; text-anchor: end }
  .value, .key { font-size: 12px; fill: var(--quiet) }
  .card { fill: var(--card); stroke: var(--edge) }
  .line { stroke: var(--edge) }
  .red { fill: var(--red) }
  .still { fill: var(--quiet) }
  .blue { fill: var(--blue) }
</style>`;

export function chart({ rows }: PeersResult): string {
  const bottom = TOP + rows.length * ROW;
  const height = bottom + 24;
  const failed = rows.map(({ failedPerSwitch }): Bar[] => [{ kind: 'red', value: failedPerSwitch }]);
  const p99 = rows.map(({ still, switching }): Bar[] => [
    { kind: 'still', value: still.p99 },
    { kind: 'blue', value: switching.p99 },
  ]);
  return svgFile({
    width: WIDTH,
    height,
    title: `${FAILED.title}, and ${P99.title}`,
    head: STYLE,
    shapes: [
      rect({ class: 'card', x: '.5', y: '.5', width: WIDTH - 1, height: height - 1, rx: 10 }),
      ...rows.map(({ name }, row) =>
        text({ class: 'name', x: FAILED.left - 12, y: middle(row) + 4.5 }, name),
      ),
      ...panelShapes(FAILED, failed, bottom),
      ...panelShapes(P99, p99, bottom),
      ...keyShapes(),
    ],
  });
}

/** The longest bar fills the panel. */
function panelShapes({ title, left, width }: Panel, rows: Bar[][], bottom: number): string[] {
  const longest = Math.max(...rows.flat().map(({ value }) => value)) || 1;
  const scale = (width - VALUE) / longest;
  return [
    text({ class: 'title', x: left, y: 40 }, title),
    ...rows.flatMap((bars, row) => {
      const height = bars.length === 1 ? 18 : 14;
      const top = middle(row) - (bars.length * height) / 2;
      return bars.flatMap(({ kind, value }, index) => {
        const y = top + index * height;
        const length = value * scale;
        const words = text(
          { class: 'value', x: left + length + 6, y: y + height / 2 + 4 },
          value === 0 ? '0' : value.toFixed(1),
        );
        return [rect({ class: kind, x: left, y, width: length, height: height - 1 }), words];
      });
    }),
    path({ class: 'line', d: `M${left} ${TOP - 8}V${bottom + 4}` }),
  ];
}

function keyShapes(): string[] {
  const entries = [
    { kind: 'still', words: 'without switches', x: P99.left },
    { kind: 'blue', words: 'while switching', x: P99.left + 140 },
  ];
  return entries.flatMap(({ kind, words, x }) => [
    rect({ class: kind, x, y: 55, width: 12, height: 12 }),
    text({ class: 'key', x: x + 18, y: 65 }, words),
  ]);
}

function middle(row: number): number {
  return TOP + (row + 0.5) * ROW;
}
