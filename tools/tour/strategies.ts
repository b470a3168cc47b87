/** What the tour shows: the strategies in the order of docs/strategies.md, then a bad release. */

export interface TourStrategy {
  /** As in --strategy of the tour. */
  name: string;
  title: string;
  /** One clause. */
  about: string;
  /** Settings in deploy.config.js that make it quick to watch. */
  config?: object;
  /** A command that prepares it. */
  before?: string;
  /** The command that makes the new version live. */
  deploy: string;
  rollback: string;
  /** A change that makes the release fail for users. Switchyard rolls it back; nobody enters the command. */
  fault?: string;
}

const ROLLBACK = './switchyard rollback';
// a process is slower in its first two seconds, and the verdict must not count that
const CANARY = { steps: [10, 25, 50, 100], seconds: 2, minRequests: 40, slower: 100 };

export const STRATEGIES: TourStrategy[] = [
  {
    name: 'in-place',
    title: 'In-place',
    about: 'the new version takes the place of the old one; meanwhile there is a maintenance page',
    deploy: './switchyard deploy --strategy in-place',
    rollback: ROLLBACK,
  },
  {
    name: 'rolling',
    title: 'Rolling',
    about: 'one slot after the other leaves, gets the new version, and comes back',
    before: './switchyard deploy --strategy rolling',
    deploy: './switchyard deploy --strategy rolling',
    rollback: ROLLBACK,
  },
  {
    name: 'blue-green',
    title: 'Blue/green',
    about: 'the new version starts beside the old one, and all users move at once',
    deploy: './switchyard deploy --strategy blue-green',
    rollback: ROLLBACK,
  },
  {
    name: 'canary',
    title: 'Canary',
    about: 'a few users get it first, then more, as long as it does as well as the old one',
    config: { canary: CANARY },
    deploy: './switchyard deploy --strategy canary',
    rollback: ROLLBACK,
  },
  {
    name: 'bad-release',
    title: 'A bad release',
    about: 'it passes every check but fails for users; the canary notices and rolls it back',
    config: { canary: CANARY },
    deploy: './switchyard deploy --strategy canary',
    rollback: ROLLBACK,
    fault: `sed -i "/'.version'/,/json/ s/=> {/=> { if (Math.random() < 0.5) throw new Error('a mistake');/" app/routes/about.ts`,
  },
];
