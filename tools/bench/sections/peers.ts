/** The cost of a switch, for Switchyard and its alternatives: the same apps and the same load, one after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from 'simple-statistics';
import { startLoad, type Window } from '../load';
import { PEERS } from '../peers';
import type { Peer } from '../peers/peer';
import type { Bench, Skipped, Upstreams } from '../types';
import { REQUESTS, startUpstreams } from './upstreams';

const PAUSE_MS = 200;
const WARM_UP_MS = 500;
/** Some take seconds to switch. */
const MAX_SWITCHING_MS = 8000;

type Rates = Pick<Window, 'perSecond' | 'p50' | 'p99' | 'failed'>;

export interface PeerRow {
  name: string;
  version: string;
  switches: number;
  failedPerSwitch: number;
  /** Without and with switches. */
  still: Rates;
  switching: Rates;
}

export interface PeersResult {
  rows: PeerRow[];
  skipped: Skipped[];
}

interface Round {
  still: Window;
  switching: Window;
  switches: number;
}

interface Extent {
  rounds: number;
  stillMs: number;
  switches: number;
}

const WHOLE: Extent = { rounds: 3, stillMs: 2000, switches: 15 };
const QUICK: Extent = { rounds: 1, stillMs: 300, switches: 2 };

export async function peers({ quick, log }: Bench): Promise<PeersResult> {
  const extent = quick ? QUICK : WHOLE;
  const upstreams = await startUpstreams();
  const skipped: Skipped[] = [];
  const found: { peer: Peer; version: string; rounds: Round[] }[] = [];
  for (const peer of PEERS) {
    const detected = await peer.detect();
    if ('version' in detected) found.push({ peer, version: detected.version, rounds: [] });
    else skipped.push({ name: peer.name, why: detected.missing, install: detected.install });
  }
  for (let round = 1; round <= extent.rounds; round++) {
    for (const { peer, rounds } of found) {
      log(`${peer.name}, round ${round} of ${extent.rounds}`);
      rounds.push(await runRound(peer, upstreams, extent));
    }
  }
  return { rows: found.map(({ peer, version, rounds }) => rowOf(peer.name, version, rounds)), skipped };
}

async function runRound(peer: Peer, upstreams: Upstreams, { stillMs, switches }: Extent): Promise<Round> {
  const running = await peer.start(upstreams);
  const load = startLoad({ port: running.port, requests: REQUESTS });
  try {
    await load.during(() => sleep(WARM_UP_MS));
    const still = await load.during(() => sleep(stillMs));
    let count = 0;
    const deadline = performance.now() + MAX_SWITCHING_MS;
    const switching = await load.during(async () => {
      for (; count < switches && performance.now() < deadline; count++) {
        await running.switchTo(count % 2 === 0 ? 'green' : 'blue');
        await sleep(PAUSE_MS);
      }
    });
    return { still, switching, switches: count };
  } finally {
    await load.stop();
    await running.stop();
  }
}

function rowOf(name: string, version: string, rounds: Round[]): PeerRow {
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const rates = (window: 'still' | 'switching'): Rates => ({
    perSecond: median(rounds.map((round) => round[window].perSecond)),
    p50: median(rounds.map((round) => round[window].p50)),
    p99: median(rounds.map((round) => round[window].p99)),
    failed: sum((round) => round[window].failed),
  });
  const switches = sum((round) => round.switches);
  const switching = rates('switching');
  return {
    name,
    version,
    switches,
    failedPerSwitch: switching.failed / switches,
    still: rates('still'),
    switching,
  };
}
