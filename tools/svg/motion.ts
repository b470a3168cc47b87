/** The animation of a picture, in CSS. Readers who prefer reduced motion see its last frame immediately. Pure. */
import { group, rect, round } from './svg';

/** All times are in milliseconds since the start of the animation. */
export interface Motion {
  /** When each line appears. */
  startsMs?: number[];
  /** A playhead crosses the panels, one after the other. */
  sweep?: { fromMs: number; eachMs: number };
  /** Plays once and keeps the last frame. Otherwise it repeats. */
  once?: boolean;
}

/** Lanes with a common time axis. */
export interface Panel {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** How long a repeated animation shows its last frame. */
const LAST_FRAME_MS = 6000;
const PLAYHEAD = { width: 2, fill: '#f0f6fc' };
/** The part of a panel that is yet to come shows through a little. */
const COVER_OPACITY = 0.85;

/** The cover over the part of each panel that is yet to come. @param fill the colour of the background */
export function sweepShapes(panels: Panel[], fill: string): string[] {
  return panels.map(({ left, right, top, bottom }, index) => {
    const height = bottom - top;
    const origin = `transform-origin:${round(right)}px 0`;
    const cover = rect({
      class: `cover c${index}`,
      style: origin,
      x: left,
      y: top,
      width: right - left,
      height,
      fill,
    });
    return group('g', {}, cover + rect({ class: `head h${index}`, x: left, y: top, height, ...PLAYHEAD }));
  });
}

export function motionRules({ startsMs = [], sweep, once = false }: Motion, panels: Panel[]): string {
  const sweeps = sweep ? panels.map((panel, index) => ({ ...panel, ...turn(sweep, index) })) : [];
  const lastMs = Math.max(0, ...startsMs, ...sweeps.map(({ toMs }) => toMs));
  if (lastMs === 0) return '';
  const totalMs = lastMs + (once ? 0 : LAST_FRAME_MS);
  const at = (ms: number): string => `${round((ms / totalMs) * 100)}%`;
  const play = (name: string, timing: string): string =>
    `${name} ${totalMs}ms ${timing} ${once ? 'both' : 'infinite'}`;
  const appear = [...new Set(startsMs)].map((startMs) => {
    const name = `at${startMs}`;
    return `@keyframes ${name}{0%{opacity:0}${at(startMs)},100%{opacity:1}}.${name}{animation:${play(name, 'step-end')}}`;
  });
  const cross = sweeps.map(({ left, right, fromMs, toMs }, index) => {
    const [from, to] = [at(fromMs), at(toMs)];
    const moving = (end: string): string => `{0%,${from}{transform:none}${to},100%{transform:${end}}}`;
    return [
      `@keyframes c${index}${moving('scaleX(0)')}.c${index}{animation:${play(`c${index}`, 'linear')}}`,
      `@keyframes h${index}${moving(`translateX(${round(right - left)}px)`)}`,
      `@keyframes s${index}{0%{opacity:0}${from}{opacity:1}${to},100%{opacity:0}}`,
      `.h${index}{animation:${play(`h${index}`, 'linear')},${play(`s${index}`, 'step-end')}}`,
    ].join('');
  });
  const [hidden, shown] =
    sweeps.length > 0 ? ['.cover,.head{opacity:0}', `.cover{opacity:${COVER_OPACITY}}`] : ['', ''];
  return `${hidden}@media (prefers-reduced-motion:no-preference){${[shown, ...appear, ...cross].join('')}}`;
}

function turn(
  { fromMs, eachMs }: { fromMs: number; eachMs: number },
  index: number,
): Record<'fromMs' | 'toMs', number> {
  return { fromMs: fromMs + index * eachMs, toMs: fromMs + (index + 1) * eachMs };
}
