/** Plays the tour: starts the copy and the users, shows each strategy, and compares them. */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { phase } from '../../scripts/lib/phase';
import { freePorts } from '../../test/support/ports';
import { makeCopy } from '../lib/copy';
import type { Span } from '../lib/styles';
import { Users } from '../lib/users';
import { withCleanup } from '../lib/with-cleanup';
import { commandsIn, type Commands } from './commands';
import { Recorder } from './recorder';
import { sentence } from './rows';
import { Screen } from './screen';
import { showStrategy } from './show-strategy';
import type { TourStrategy } from './strategies';
import { tableOf } from './table';
import { words } from './words';

const SLOTS = ['blue', 'green', 'amber', 'violet'] as const;
/** Just long enough to see what happens. */
const SETTINGS = { BAKE_SECONDS: '2', DRAIN_SECONDS: '1' };
/** Enough users that a tenth of them is several; about 300 requests a second. */
const LOAD = { count: 100, pauseMs: 320 };

/** Returns the rows that were shown. */
export async function play(root: string, strategies: TourStrategy[]): Promise<Span[][]> {
  // any ports will do because no user types them, and several tours can run at the same time
  const [http = 0, deployer = 0, ...ports] = await freePorts(2 + SLOTS.length);
  const slots = Object.fromEntries(SLOTS.map((slot, index) => [slot, ports[index] ?? 0]));
  const pool = Object.entries(slots).map(([slot, port]) => `${slot}:${port}`);
  const copy = await makeCopy(root, {
    name: 'tour',
    ports: { http, deployer, blue: slots.blue ?? 0, green: slots.green ?? 0 },
    settings: { ...SETTINGS, SLOTS: pool.join(','), LC_ALL: words().locale },
  });
  const commands = commandsIn(copy);
  const recorder = new Recorder(slots);
  const users = new Users(http, LOAD, (answer) => recorder.add(answer));
  const screen = new Screen();
  return withCleanup({
    name: 'the tour',
    run: async () => {
      await start(copy.dir, strategies, commands);
      screen.print([...sentence(words().legend(users.start()), 'quiet', screen.width), []]);
      const costs = [];
      for (const strategy of strategies) {
        const cost = await showStrategy(strategy, { commands, recorder, screen, slots: [...SLOTS] });
        if (strategy.fault === undefined) costs.push({ title: strategy.title, cost });
      }
      if (costs.length > 0) screen.print(tableOf(costs, screen.width));
      return screen.rows;
    },
    interrupt: () => {
      screen.close();
      commands.stop();
    },
    cleanUp: async () => {
      screen.close();
      recorder.stop();
      await users.stop();
      await copy.remove();
    },
  });
}

function start(dir: string, strategies: TourStrategy[], commands: Commands): Promise<void> {
  const file = path.join(dir, 'deploy.config.js');
  return phase({ doing: words().starting, done: words().started }, async () => {
    appendFileSync(file, configuration(strategies));
    await commands.run("git commit -qam 'Short times for a tour'");
    await commands.run('npm start');
  });
}

/** The app's own tests are not part of the tour. */
function configuration(strategies: TourStrategy[]): string {
  const first = { strategy: strategies.find(({ fault }) => fault === undefined)?.name };
  const settings = strategies.reduce<object>((all, { config }) => ({ ...all, ...config }), first);
  return `\nmodule.exports.app.test = null;\nObject.assign(module.exports, ${JSON.stringify(settings)});\n`;
}
