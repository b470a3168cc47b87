/** The style sheet and the definitions of the pictures. */
import { FONT, SLOTS, VARIABLES } from '../svg/page';

/** The size of each kind of text in pixels. */
export const SIZES = {
  title: 20,
  row: 13,
  step: 13,
  note: 12,
  aws: 11.5,
  bar: 13,
  waits: 12.5,
  bad: 13,
  key: 12,
};

export const STYLE = `<style>
${VARIABLES}
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
  .box { fill: var(--box); stroke: var(--edge) }
  .done { fill: var(--box); stroke: var(--green); stroke-width: 2 }
  .wrong { fill: var(--palered); stroke: var(--red) }
  .way { fill: none; stroke: var(--quiet); stroke-width: 1.5 }
  .line { stroke: var(--edge) }
  .moment { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 3 }
  .down { fill: var(--down) }
  .tip { fill: var(--red) }
  .waytip { fill: var(--quiet) }
  .empty { fill: none; stroke: var(--edge); stroke-dasharray: 4 4 }
  .back { fill: none; stroke: var(--red); stroke-width: 1.5; stroke-dasharray: 5 4 }
  .stripe { stroke: var(--on); stroke-opacity: .22; stroke-width: 5 }
${Object.keys(SLOTS).map(slotRules).join('\n')}
</style>
<defs>
  ${marker('tip')}
  ${marker('waytip')}
  <pattern id="stripes" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="stripe" d="M3 0v12"/></pattern>
</defs>`;

function marker(name: string): string {
  return `<marker id="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path class="${name}" d="M0 0 8 4 0 8z"/></marker>`;
}

function slotRules(slot: string): string {
  return `  .${slot} { fill: var(--${slot}) } .pale${slot} { fill: var(--pale${slot}); stroke: var(--${slot}); stroke-width: 1.5 }`;
}
