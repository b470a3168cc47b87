/** Draws a strategy over time. Pure. */
import { path, rect, round, svgFile } from '../svg/svg';
import { laneShapes } from './bars';
import { label, translator, type Layout } from './layout';
import type { Language, Picture } from './picture';
import { STYLE } from './style';

const WIDTH = 960;
const MARGIN = 30;
const LEFT = 110;
const TOP = 126;
const LANE = 52;
/** How far the middle of the rollback's text may be from the sides. */
const ROLLBACK_TEXT = { from: 320, to: 620 };
/** The space below the lanes. */
const SPACE = { margin: 26, rollback: 32, aws: 84 };

export function draw(picture: Picture, language: Language): string {
  const edges = edgesOf(picture);
  const bottom = TOP + picture.lanes.length * LANE;
  const translate = translator(language);
  const layout: Layout = { translate, x: (column) => position(edges, column), edges, bottom };
  const hasAws = picture.columns.some(({ aws }) => aws);
  const height = bottom + SPACE.margin + (picture.rollback ? SPACE.rollback : 0) + (hasAws ? SPACE.aws : 0);
  return svgFile({
    width: WIDTH,
    height,
    title: translate(picture.description),
    head: STYLE,
    shapes: [
      rect({ class: 'card', x: '.5', y: '.5', width: WIDTH - 1, height: height - 1, rx: 10 }),
      label('title', MARGIN, 40, translate(picture.title)),
      ...(picture.key ? [label('key', WIDTH - MARGIN, 40, translate(picture.key))] : []),
      ...columnShapes(picture, layout),
      ...momentShapes(picture, layout),
      ...picture.lanes.flatMap((lane, row) =>
        laneShapes(lane, { left: MARGIN, y: TOP + row * LANE }, layout),
      ),
      ...rollbackShapes(picture, layout),
      ...(hasAws ? awsShapes(picture, layout) : []),
    ],
  });
}

function edgesOf({ columns, left = LEFT }: Picture): number[] {
  let edge = left;
  return [edge, ...columns.map(({ width }) => (edge += width))];
}

function position(edges: number[], column: number): number {
  const left = edges[Math.floor(column)] ?? 0;
  const right = edges[Math.floor(column) + 1] ?? left;
  return round(left + (column % 1) * (right - left), 1);
}

function columnShapes({ columns }: Picture, { translate, x, edges, bottom }: Layout): string[] {
  return [
    path({ class: 'line', d: edges.map((edge) => `M${edge} 72V${bottom + 14}`).join('') }),
    ...columns.flatMap(({ step, note }, index) => [
      label('step', x(index + 0.5), 88, translate(step)),
      label('note', x(index + 0.5), 106, translate(note)),
    ]),
  ];
}

function momentShapes({ moment }: Picture, { translate, x, bottom }: Layout): string[] {
  if (!moment) return [];
  return [
    path({ class: 'moment', d: `M${x(moment.at)} 60V${bottom}` }),
    label('step', x(moment.at), 52, translate(moment.words)),
  ];
}

function rollbackShapes({ rollback }: Picture, { translate, x, bottom }: Layout): string[] {
  if (!rollback) return [];
  const [from, to] = [x(rollback.from) - 2, x(rollback.to)];
  const line = `M${from} ${bottom + 2}v10a6 6 0 0 1-6 6H${to + 6}a6 6 0 0 1-6-6v-24`;
  const middle = Math.min(Math.max((from + to) / 2, ROLLBACK_TEXT.from), ROLLBACK_TEXT.to);
  return [
    path({ class: 'back', 'marker-end': 'url(#tip)', d: line }),
    label('bad', round(middle, 1), bottom + 38, translate(rollback.words)),
  ];
}

function awsShapes({ columns }: Picture, { translate, x, edges, bottom }: Layout): string[] {
  const y = bottom + 74;
  return [
    path({ class: 'line', d: `M${MARGIN} ${y}H${edges.at(-1)}` }),
    label('row', MARGIN, y + 30, 'AWS'),
    ...columns.flatMap(({ aws = [] }, index) =>
      aws.map((line, row) =>
        label('aws', x(index + 0.5), y + 30 + 16 * (row - (aws.length - 1) / 2), translate(line)),
      ),
    ),
  ];
}
