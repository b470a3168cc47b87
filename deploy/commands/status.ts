/** `status`: shows what is live right now, probed. */
import { jsonText, terminalText } from '../core/terminal-text';
import { cellsOf, padCells } from '../core/cells';
import { isCanary, isPausedCanary } from '../core/canary/at-work';
import { moment, named } from '../core/format';
import type { SlotView } from '../health/serving';
import { driftNow, servingNow, viewSlots } from '../health/serving';
import { earlierValidUntil } from '../home/secret-rotation';
import { probe } from '../traffic/probe';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import type { Deployment } from '../core/deployment';
import type { Serving } from '../core/slot';
import { BUCKETS } from '../core/traffic-table';
import type { Preview } from '../http/preview/link';
import { previewOf } from '../http/preview/link';
import { canaryLines, previewLines } from '../reporters/held-lines';
import { driftSummary, historyLine } from '../reporters/phrases';
import { words } from '../reporters/words';
import type { DeployContext } from '../context';

const print = (text: string): void => console.log(terminalText(text));

/** Exit code 0 if the active slot answers and the deployer is running. */
export async function statusCommand(options: Options): Promise<number> {
  const context = openCloneContext();
  const { table, slots } = await viewSlots(context);
  const deployer =
    (await probe({ socketPath: context.home.socket, path: '/health', timeoutMs: 1000 })).status === 200;
  const served = await probe({
    port: context.config.http.port,
    path: context.config.app.health,
    timeoutMs: 2000,
  });
  const pending = context.journal.pending();
  const held = heldOf(context, pending);
  const canary = canaryOf(context, pending);
  const healthy = deployer && served.status === 200;
  const serving = await servingNow(context);
  const behind = driftNow(context, serving);
  const earlierSecret = earlierValidUntil(context.home);
  if (options.json) {
    const url = `http://localhost:${context.config.http.port}`;
    console.log(
      jsonText({
        healthy,
        url,
        home: context.home.dir,
        configProblem: context.configProblem?.message ?? null,
        serving,
        behind,
        table,
        slots,
        deployer,
        earlierSecretValidUntil: earlierSecret,
        pending,
        held,
        canary,
      }),
    );
    return healthy ? 0 : 1;
  }
  print(slotLines(slots).join('\n'));
  print(
    `nginx    http://localhost:${context.config.http.port}  ${served.status === 200 ? words().serves : words().answers(served.message)}`,
  );
  print(`deployer ${deployer ? words().runs : words().doesNotRun}`);
  if (earlierSecret !== null) print(`secret   ${words().earlierSecret(moment(earlierSecret))}`);
  if (behind) print(`! ${driftSummary(behind)}`);
  for (const deployment of pending) print(historyLine(deployment));
  if (canary?.progress) print(`  ${canary.progress}`);
  if (canary) print(canaryLines(canary.preview, canary.stable, pending.some(isPausedCanary)).join('\n'));
  else if (held) print(previewLines(held.preview).join('\n'));
  return healthy ? 0 : 1;
}

/** A release that waits for an operator: since when (milliseconds since 1970), and how to try, promote and abort it. */
interface Held {
  id: number;
  release: Serving | null;
  since: number | null;
  preview: Preview | null;
  promote: string;
  abort: string;
}

function heldOf(context: DeployContext, pending: Deployment[]): Held | null {
  const deployment = pending.find(({ state }) => state === 'holding');
  if (!deployment) return null;
  const { id, to, heldAt } = deployment;
  const commands = { promote: './switchyard promote', abort: './switchyard abort' };
  return { id, release: to, since: heldAt, preview: previewOf(context, deployment), ...commands };
}

/** A running canary, how far its step is, and the preview of either side. */
interface CanaryNow {
  id: number;
  release: Serving | null;
  progress: string | null;
  preview: Preview | null;
  stable: Preview | null;
}

function canaryOf(context: DeployContext, pending: Deployment[]): CanaryNow | null {
  const deployment = pending.find(isCanary);
  const preview = deployment ? previewOf(context, deployment) : null;
  const stable = deployment?.from ? previewOf(context, deployment, deployment.from.slot) : null;
  // before its first step there is no preview of either side
  if (!deployment || !stable) return null;
  return {
    id: deployment.id,
    release: deployment.to,
    progress: progressOf(context, deployment.id),
    preview,
    stable,
  };
}

/** The running step's latest progress line; null if it has just started. */
function progressOf({ journal }: DeployContext, id: number): string | null {
  const last = journal
    .since(0, id)
    .findLast(
      ({ entry }) => entry.type === 'progress' || (entry.type === 'phase' && entry.status === 'started'),
    );
  return last?.entry.type === 'progress' ? last.entry.message : null;
}

function slotLines(slots: SlotView[]): string[] {
  const roles = slots.map(({ role, share }) => roleInWords(role, share));
  const width = Math.max(6, ...roles.map(cellsOf));
  return slots.map((view, index) => slotLine(view, padCells(roles[index] as string, width)));
}

function slotLine({ slot, port, role, commit, version, status, message }: SlotView, inWords: string): string {
  const what = commit ? named({ commit, version: version ?? '?' }) : '';
  const state =
    role === 'idle' ? words().empty : status === 'online' ? what : `${what} ${status}: ${message ?? ''}`;
  return `${slot.padEnd(8)} :${port}  ${inWords}  ${state}`.trimEnd();
}

/** The role, with the share if several slots have users: `serving 25 %`. */
function roleInWords(role: SlotView['role'], share: number): string {
  if (share === 0 || share === BUCKETS) return words().roles[role];
  return `${words().roles[role === 'active' ? 'serving' : role]} ${share} %`;
}
