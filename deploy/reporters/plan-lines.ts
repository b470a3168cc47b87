/** Turns a plan into text, for an operator who reviews it before it runs. Pure. */
import { short } from '../core/format';
import { tableInWords } from '../core/traffic-table';
import type { Plan, Step } from '../core/plan';

const WIDTH = 44;

/** One line per step, with its undo next to it. */
export function planLines(plan: Plan): string[] {
  if (plan.length === 0) return ['  nothing to do: it is already live'];
  const width = Math.max(WIDTH, ...plan.map(({ step }) => stepInWords(step).length + 2));
  const lines = plan.map(({ step, undo }, index) => {
    const number = String(index + 1).padStart(3);
    const back = undo.map(stepInWords).join(', ');
    return `${number}  ${stepInWords(step).padEnd(width)}${back && `undo: ${back}`}`.trimEnd();
  });
  return plan.some(({ again }) => again !== undefined)
    ? [
        ...lines,
        '  when a batch fails, only that batch is undone: promote tries it again, abort undoes everything',
      ]
    : lines;
}

function stepInWords(step: Step): string {
  switch (step.do) {
    case 'migrate':
      return `migrate ${short(step.commit)}`;
    case 'start':
    case 'verify':
    case 'hold':
      return `${step.do} ${short(step.commit)} in ${step.slot}`;
    case 'stop':
      return `stop ${step.slot}`;
    case 'shift':
      return `traffic: ${tableInWords(step.to)}`;
    case 'judge':
      return `judge ${step.share} % ${step.seconds === null ? 'until an operator decides' : `for ${step.seconds} s`}`;
    case 'verify-live':
      return `verify through nginx: ${[step, ...(step.others ?? [])].map(({ slot }) => slot).join(', ')}`;
    case 'bake':
      return `bake for ${step.seconds} s`;
  }
}
