/**
 * Sends notifications of journal events. It runs in the deployer and follows the journal, each receiver at its own
 * pace, so that a slow one delays neither a deployment nor another receiver.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { configNow } from '../config/current';
import { driftOf } from '../core/drift';
import type { Notice } from '../core/notices';
import { noticeOf } from '../core/notices';
import type { JournalEvent } from '../core/event';
import type { DeployContext } from '../context';
import { openPositions } from './positions';
import { hostOf, postNotice } from './post';
import type { Target } from './targets';
import { targetsOf } from './targets';

const POLL_EVERY_MS = 300;
export const LIMIT_MS = 5_000;
/** How long `stop` waits for a delivery in progress; less than the deployer's own stop time. */
const FINAL_DELIVERY_MS = 1_000;
/** The pauses between attempts; there is one more attempt than pauses. */
const PAUSES_MS = [1_000, 5_000, 20_000];

export interface Notifier {
  start(): void;
  /** Stops sending. A delivery in progress gets a moment to finish. */
  stop(): Promise<void>;
}

type Eyes = Pick<DeployContext, 'home' | 'root' | 'journal' | 'config'>;

/** @param pauses milliseconds between the attempts, ascending */
export function createNotifier(context: Eyes, pauses = PAUSES_MS, log = console.error): Notifier {
  const { journal, home } = context;
  const positions = openPositions(home);
  const busy = new Map<string, Promise<void>>();
  const ends = new AbortController();
  const failing = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let seen = 0;

  const poll = (): void => {
    const last = journal.lastEvent();
    if (last === seen && busy.size === 0) return;
    for (const target of currentTargets(context)) {
      if (!busy.has(target.url)) begin(target, Math.min(seen, last));
    }
    seen = last;
  };

  const begin = (target: Target, first: number): void => {
    busy.set(
      target.url,
      sendAll(target, first).finally(() => busy.delete(target.url)),
    );
  };

  /** @param first the position for a new receiver, which does not get past events */
  const sendAll = async (target: Target, first: number): Promise<void> => {
    const { url } = target;
    try {
      // loops, because events may arrive and the receiver may be removed during a delivery
      for (let events = since(url, first); events.length > 0 && isOne(url); events = since(url, first)) {
        for (const event of events) {
          const notice = noticeFor(context, event);
          const wanted = notice && target.on.some((name) => name === notice.event);
          if (stopped || (wanted && !(await send(url, notice)))) return;
          positions.move(url, event.id);
        }
      }
    } catch (error) {
      // the journal is closed once the notifier has stopped
      if (!stopped) log('notify:', error);
    }
  };

  const isOne = (url: string): boolean => currentTargets(context).some((target) => target.url === url);

  const since = (url: string, first: number): JournalEvent[] => journal.since(positions.of(url, first));

  /** True if the notice was delivered or given up; false if the notifier stopped first. */
  const send = async (url: string, notice: Notice): Promise<boolean> => {
    // a failing receiver gets only one attempt, because retries would delay later notices until they are outdated
    const patience = failing.has(url) ? [] : pauses;
    for (let attempt = 0; !stopped; attempt++) {
      const { ok, message, again } = await postNotice(url, notice, LIMIT_MS, ends.signal);
      const pause = patience[attempt];
      if (ok) return recovered(url);
      if (stopped) return false;
      if (!again || pause === undefined) return givenUp(url, message);
      await sleep(pause, undefined, { ref: false, signal: ends.signal }).catch(() => {});
    }
    return false;
  };

  const recovered = (url: string): true => {
    if (failing.delete(url)) log(`notify: ${hostOf(url)} accepts notifications again`);
    return true;
  };

  const givenUp = (url: string, said: string): true => {
    if (!failing.has(url)) log(`notify: ${hostOf(url)} does not accept notifications: ${said}`);
    failing.add(url);
    return true;
  };

  return {
    start() {
      seen = journal.lastEvent();
      // a new journal counts from 1 again
      for (const { url } of currentTargets(context)) {
        if (positions.of(url, seen) > seen) positions.move(url, seen);
      }
      // events from the time when the deployer was down
      for (const target of currentTargets(context)) begin(target, seen);
      timer = setInterval(poll, POLL_EVERY_MS);
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      const sent = Promise.all(busy.values());
      await Promise.race([sent, sleep(FINAL_DELIVERY_MS, undefined, { ref: false })]);
      ends.abort();
      await sent;
    },
  };
}

/** The current receivers: an edited configuration applies immediately; a broken one is ignored. */
function currentTargets({ home, root, config }: Eyes): Target[] {
  try {
    return targetsOf(home, configNow(home, root));
  } catch {
    return targetsOf(home, config);
  }
}

function noticeFor({ journal, config }: Eyes, event: JournalEvent): Notice | null {
  const deployment = event.deployment === null ? null : journal.get(event.deployment);
  const serving = journal.lastLive()?.to ?? null;
  const found = driftOf(journal.verdicts(), serving);
  return noticeOf({ app: config.name, event, deployment, serving, behind: found });
}
