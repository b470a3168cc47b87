/** `status`: what serves now, looked at and not remembered. */
import { behindStory } from '../core/behind';
import { isCanary } from '../core/canary/at-work';
import { named } from '../core/format';
import type { SlotView } from '../serving';
import { behindNow, servingNow, viewSlots } from '../serving';
import { probe } from '../traffic/probe';
import type { Options } from './desk';
import { openHere } from './desk';
import { BUCKETS, type Deployment, type Serving } from '../core/types';
import type { Preview } from '../preview/link';
import { previewOf } from '../preview/link';
import { canaryLines, historyLine, tryLines } from '../reporters/phrases';
import type { Yard } from '../yard';

/** Exit code 0 when the active slot answers and the deployer runs. */
export async function statusCommand(options: Options): Promise<number> {
  const yard = openHere();
  const { table, slots } = await viewSlots(yard);
  const deployer =
    (await probe({ socketPath: yard.home.socket, path: '/health', timeoutMs: 1000 })).status === 200;
  const served = await probe({ port: yard.config.http.port, path: yard.config.app.health, timeoutMs: 2000 });
  const pending = yard.journal.pending();
  const held = heldOf(yard, pending);
  const canary = canaryOf(yard, pending);
  const healthy = deployer && served.status === 200;
  const serving = await servingNow(yard);
  const behind = behindNow(yard, serving);
  if (options.json) {
    const url = `http://localhost:${yard.config.http.port}`;
    console.log(
      JSON.stringify(
        {
          healthy,
          url,
          home: yard.home.dir,
          configProblem: yard.configProblem?.message ?? null,
          serving,
          behind,
          table,
          slots,
          deployer,
          pending,
          held,
          canary,
        },
        null,
        2,
      ),
    );
    return healthy ? 0 : 1;
  }
  console.log(slotLines(slots).join('\n'));
  console.log(
    `nginx    http://localhost:${yard.config.http.port}  ${served.status === 200 ? 'serves' : `answers ${served.said}`}`,
  );
  console.log(`deployer ${deployer ? 'runs' : 'is not running (npm start)'}`);
  if (behind) console.log(`! ${behindStory(behind)}`);
  for (const deployment of pending) console.log(historyLine(deployment));
  if (canary) console.log(canaryLines(canary.preview, canary.stable).join('\n'));
  else if (held) console.log(tryLines(held.preview).join('\n'));
  return healthy ? 0 : 1;
}

/** What waits for a person, since when (milliseconds since 1970), and how to try it and to end that. */
interface Held {
  id: number;
  release: Serving | null;
  since: number | null;
  preview: Preview | null;
  promote: string;
  abort: string;
}

function heldOf(yard: Yard, pending: Deployment[]): Held | null {
  const deployment = pending.find(({ state }) => state === 'holding');
  if (!deployment) return null;
  const { id, to, heldAt } = deployment;
  const commands = { promote: 'npm run -s promote', abort: 'npm run -s abort' };
  return { id, release: to, since: heldAt, preview: previewOf(yard, deployment), ...commands };
}

/** A canary at work, and how to meet either side of it. */
interface CanaryNow {
  id: number;
  release: Serving | null;
  preview: Preview | null;
  stable: Preview | null;
}

function canaryOf(yard: Yard, pending: Deployment[]): CanaryNow | null {
  const deployment = pending.find(isCanary);
  const preview = deployment ? previewOf(yard, deployment) : null;
  const stable = deployment?.from ? previewOf(yard, deployment, deployment.from.slot) : null;
  // before its first step there is nothing to meet
  return deployment && stable ? { id: deployment.id, release: deployment.to, preview, stable } : null;
}

function slotLines(slots: SlotView[]): string[] {
  const roles = slots.map(({ role, share }) => roleInWords(role, share));
  const width = Math.max(6, ...roles.map(({ length }) => length));
  return slots.map((view, index) => slotLine(view, (roles[index] as string).padEnd(width)));
}

function slotLine({ slot, port, role, commit, version, status, said }: SlotView, inWords: string): string {
  const what = commit ? named({ commit, version: version ?? '?' }) : '';
  const state = role === 'idle' ? 'empty' : status === 'online' ? what : `${what} ${status}: ${said ?? ''}`;
  return `${slot.padEnd(8)} :${port}  ${inWords}  ${state}`.trimEnd();
}

/** `active` has all users to itself; of several each has its share: `serving 25 %`. */
function roleInWords(role: SlotView['role'], share: number): string {
  if (share === 0 || share === BUCKETS) return role;
  return `${role === 'active' ? 'serving' : role} ${share} %`;
}
