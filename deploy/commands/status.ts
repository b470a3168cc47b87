/** `status`: what serves now, looked at and not remembered. */
import { behindStory } from '../core/behind';
import { named } from '../core/format';
import type { SlotView } from '../serving';
import { behindNow, servingNow, viewSlots } from '../serving';
import { probe } from '../traffic/probe';
import type { Options } from './desk';
import { openHere } from './desk';
import { historyLine } from '../reporters/phrases';

/** Exit code 0 when the active slot answers and the deployer runs. */
export async function statusCommand(options: Options): Promise<number> {
  const yard = openHere();
  const { table, slots } = await viewSlots(yard);
  const deployer =
    (await probe({ socketPath: yard.home.socket, path: '/health', timeoutMs: 1000 })).status === 200;
  const served = await probe({ port: yard.config.http.port, path: yard.config.app.health, timeoutMs: 2000 });
  const pending = yard.journal.pending();
  const healthy = deployer && served.status === 200;
  const serving = await servingNow(yard);
  const behind = behindNow(yard, serving);
  if (options.json) {
    const url = `http://localhost:${yard.config.http.port}`;
    console.log(
      JSON.stringify(
        { healthy, url, home: yard.home.dir, serving, behind, table, slots, deployer, pending },
        null,
        2,
      ),
    );
    return healthy ? 0 : 1;
  }
  const slotLines = slots.map(slotLine);
  console.log(slotLines.join('\n'));
  console.log(
    `nginx    http://localhost:${yard.config.http.port}  ${served.status === 200 ? 'serves' : `answers ${served.said}`}`,
  );
  console.log(`deployer ${deployer ? 'runs' : 'is not running (npm start)'}`);
  if (behind) console.log(`! ${behindStory(behind)}`);
  for (const deployment of pending) console.log(historyLine(deployment));
  return healthy ? 0 : 1;
}

function slotLine({ slot, port, role, commit, version, status, said }: SlotView): string {
  const what = commit ? named({ commit, version: version ?? '?' }) : '';
  const state = role === 'idle' ? 'empty' : status === 'online' ? what : `${what} ${status}: ${said ?? ''}`;
  return `${slot.padEnd(8)} :${port}  ${role.padEnd(6)}  ${state}`.trimEnd();
}
