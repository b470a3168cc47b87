/** The scenes of the tour: the strategies in the order of docs/strategies.md, then a bad release. */

import { words } from './words';

export interface TourStrategy extends Scene {
  title: string;
  /** One clause. */
  about: string;
}

interface Scene {
  /** As in --strategy of the tour. */
  name: string;
  /** Settings in deploy.config.js that make it quick to watch. */
  config?: object;
  /** A command that prepares it. */
  before?: string;
  /** The command that makes the new version live. */
  deploy: string;
  rollback: string;
  /** A change that makes the release fail for users. Switchyard rolls it back without a command. */
  fault?: string;
}

const ROLLBACK = './switchyard rollback';
// a process is slower in its first two seconds, and the verdict must not count that
const CANARY = { steps: [10, 25, 50, 100], seconds: 2, minRequests: 40, slower: 100 };

const SCENES = [
  {
    name: 'in-place',
    deploy: './switchyard deploy --strategy in-place',
    rollback: ROLLBACK,
  },
  {
    name: 'rolling',
    before: './switchyard deploy --strategy rolling',
    deploy: './switchyard deploy --strategy rolling',
    rollback: ROLLBACK,
  },
  {
    name: 'blue-green',
    // from the slots of the rolling deployment back to one
    before: './switchyard deploy --strategy in-place',
    deploy: './switchyard deploy --strategy blue-green',
    rollback: ROLLBACK,
  },
  {
    name: 'canary',
    config: { canary: CANARY },
    deploy: './switchyard deploy --strategy canary',
    rollback: ROLLBACK,
  },
  {
    name: 'bad-release',
    config: { canary: CANARY },
    deploy: './switchyard deploy --strategy canary',
    rollback: ROLLBACK,
    fault: `sed -i "/'.version'/,/json/ s/=> {/=> { if (Math.random() < 0.5) throw new Error('a mistake');/" app/routes/about.ts`,
  },
] as const satisfies Scene[];

/** In the language of the tour. */
export function tourStrategies(): TourStrategy[] {
  return SCENES.map((scene) => ({ ...scene, ...words().strategies[scene.name] }));
}
