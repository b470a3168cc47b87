/**
 * Shows one strategy: commits a change, deploys it and rolls it back, with the commands that a user would type. Switchyard
 * itself rolls back a bad release.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../scripts/lib/run';
import { highlight, type Span } from '../lib/styles';
import type { SlotColour } from '../svg/page';
import type { Commands } from './commands';
import { frameOf, type View } from './frame';
import { measure, type Cost, type Marks } from './measure';
import type { Recorder } from './recorder';
import type { Screen } from './screen';
import type { TourStrategy } from './strategies';

const DRAW_EVERY_MS = 150;
/** How long users continue, to show the final state. */
const AFTER_MS = 700;
/** Printed when a release is built and no running process has changed yet. */
const PREPARED = /^✓ (migrate|build|install|check out) /;
/** The line that says who is watched from now on, in any language; the verdict follows after the bake. */
const LIVE = /^ {2}.*Ctrl-C|^✓ LIVE/;
const FOUND_BAD = /^✗ /;
const NOT_LIVE = /^✗ NOT LIVE/;

interface Stage {
  commands: Commands;
  recorder: Recorder;
  screen: Screen;
  slots: SlotColour[];
}

export async function showStrategy(
  strategy: TourStrategy,
  { commands, recorder, screen, slots }: Stage,
): Promise<Cost> {
  if (strategy.fault === undefined) setStrategy(strategy, commands.dir);
  if (strategy.before) await commands.run(strategy.before);
  recorder.restart(await commitChange(strategy, commands));
  const marks: Marks = { started: recorder.now() };
  const view: View = { strategy, commands: [], marks, now: 0, answers: [], samples: [] };
  let lastLine = '';
  const frame = (): Span[][] => {
    const { answers, samples } = recorder;
    Object.assign(view, { now: recorder.now(), answers, samples });
    return frameOf(view, slots, screen.width);
  };
  const timer = setInterval(() => screen.draw([...frame(), highlight(lastLine)]), DRAW_EVERY_MS);
  try {
    view.commands.push(strategy.deploy);
    const isBad = strategy.fault !== undefined;
    await commands.run(
      strategy.deploy,
      (line) => {
        lastLine = line;
        setMark(marks, line, recorder.now());
        if (NOT_LIVE.test(line)) view.verdict = line;
      },
      isBad ? 'failure' : 'success',
    );
    if (!isBad) {
      marks.rollback = recorder.now();
      view.commands.push(strategy.rollback);
      await commands.run(strategy.rollback, (line) => {
        lastLine = line;
      });
    }
    await sleep(AFTER_MS);
    marks.end = recorder.now();
  } finally {
    clearInterval(timer);
  }
  screen.print([...frame(), []]);
  return measure(view.answers, view.samples, marks);
}

function setMark(marks: Marks, line: string, now: number): void {
  if (marks.live !== undefined) return;
  if (PREPARED.test(line)) marks.started = now;
  if (LIVE.test(line)) marks.live = now;
  if (FOUND_BAD.test(line)) marks.rollback ??= now;
}

/** A rollback uses the strategy in the configuration. */
function setStrategy({ name }: TourStrategy, dir: string): void {
  appendFileSync(path.join(dir, 'deploy.config.js'), `module.exports.strategy = '${name}';\n`);
}

/** Returns the commit. */
async function commitChange({ name, fault }: TourStrategy, commands: Commands): Promise<string> {
  await commands.run(`sed -i "s/^const GREETING = .*/const GREETING = 'Hello, ${name}';/" app/page.ts`);
  if (fault) await commands.run(fault);
  await commands.run(`git commit -qam 'Greet ${name}'`);
  const { lines } = await run('git', ['-C', commands.dir, 'rev-parse', 'HEAD']);
  return lines[0] ?? '';
}
