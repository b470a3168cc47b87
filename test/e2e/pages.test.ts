/**
 * Follows the documents literally: the commands of their code blocks run in one clone, in a random order, since each
 * block has to work after every other one. A block that cannot run here is listed with the reason.
 */
import { randomInt } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { withoutTests } from '../support/app-tests';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { liveClone, type CommandResult, type LiveClone, type Terminal } from '../support/live-clone';
import { needs, sampleApp } from '../support/needs';
import { blocksOf, commandsOf, type PageBlock } from '../support/page-blocks';
import { seededRandom } from '../support/seeded-random';
import { until } from '../support/until';

// a whole session of commands on a busy machine
jest.setTimeout(400_000);

const PAGES = [
  'README.md',
  'docs/push.md',
  'docs/strategies.md',
  'docs/canary.md',
  'docs/hold.md',
  'docs/environment.md',
  'docs/ci-cd.md',
  'docs/database.md',
  'docs/operations.md',
];
const WHO = { GIT_AUTHOR_NAME: 'New', GIT_AUTHOR_EMAIL: 'new@example.org' };
const SAME_WHO = { GIT_COMMITTER_NAME: 'New', GIT_COMMITTER_EMAIL: 'new@example.org' };
/** Repeats the order of a failed run: `SEED=4711 npm test -- e2e pages`. */
const SEED = Number(process.env.SEED ?? randomInt(1_000_000));

/** Blocks by page, heading and position, as in `docs/hold.md: Testers: 1`, which no test here runs. */
const NOT_RUN: Record<string, string> = {
  'docs/strategies.md: In containers: 1':
    'this clone runs under PM2; first-light.test.ts runs it in containers',
  'docs/push.md: What happens on a push: 1':
    'the output of npm run demo, which is run here and compared in demo-and-tour.test.ts',
  'docs/ci-cd.md: Set it up once: 1':
    'its repository does not exist, and port 80 is the machine’s; setup.test.ts gives a SOURCE',
  'docs/ci-cd.md: From another machine: 1': 'its host does not exist; ssh-push.test.ts pushes to a real one',
};

/** Lines of blocks that are run in a different way. */
const LINES_NOT_RUN: Record<string, string> = {
  'git clone <this repository> && cd switchyard': 'the clone of this test contains uncommitted changes, too',
  'npm run check': 'checks the repository, not the clone; CI runs it',
  'npm test': 'would run this test, too',
};

/** A clone where the README's own session was typed. */
interface Place {
  clone: LiveClone;
  /** Runs lines exactly as printed on a page, except for the ports. */
  type: (lines: string) => Promise<CommandResult>;
  /** Runs lines as in a second terminal, until `leave`. */
  beside: (lines: string) => Terminal;
}

/** Runs the blocks below one heading, and checks what the page promises. */
type Story = (place: Place, blocks: string[]) => Promise<void>;

const STORIES: Record<string, Story> = {
  'README.md: Two commands': async ({ type }, [, push = '']) => {
    expect((await type(push)).text).toMatch(/Everything up-to-date|✓ LIVE in/);
  },

  'docs/strategies.md: Which one to choose': async ({ clone, type }, [both = '']) => {
    const result = expectDone(await type(both));
    expect(result.text).toMatch(/^rolling, \w{7}:$/m);
    expect(clone.deployments().at(-1)?.strategy).toBe('rolling');
  },

  'docs/strategies.md: In-place': async ({ clone, type, beside }, [page = '', watch = '', deploy = '']) => {
    expectDone(await type(page));
    const config = clone.read('deploy.config.js');
    if (!config.includes('maintenance:'))
      clone.write(
        'deploy.config.js',
        config.replace(/^module\.exports = \{$/m, `$&\n${lineOfPage('maintenance:')}`),
      );
    const watching = beside(watch);
    const result = expectDone(await type(deploy));
    await until(watching.text, () => /503 200 /.test(watching.text()));
    await watching.leave();

    expect(watching.text()).toMatch(/^(200 )+(503 )+(200 )+$/);
    expect(verdictOf(result.text)).toMatch(/^✓ LIVE in .*, down for [\d.]+ /);
  },

  'docs/strategies.md: Rolling': async ({ clone, type, beside }, [watch = '', deploy = '']) => {
    const watching = beside(watch);
    const result = await type(deploy);
    await watching.leave();

    expectDone(result);
    const versions = [...watching.text().matchAll(/"commit":"(\w+)","slot":"(\w+)"/g)];
    const live = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const slots = versions.filter(([, commit]) => commit === live).map(([, , slot]) => slot);
    expect(new Set(slots).size).toBeGreaterThan(1);
    expect(result.text.match(/^\w+ +:\d+ +serving 25 % .*$/gm)).toHaveLength(4);
  },

  'docs/strategies.md: Blue/green': async ({ type }, [session = '']) => {
    const result = expectDone(await type(session));
    expect(result.text.match(/✓ LIVE in/g)).toHaveLength(3);
  },

  'docs/strategies.md: Try green before anyone else': async ({ type }, [session = '']) => {
    const result = expectDone(await type(session));
    expect(result.text).toMatch(/✓ HELD in/);
    expect(result.text).toContain('/_deploy/preview?id=');
    expectLive(result);
  },

  'docs/strategies.md: Canary': async (
    { type, beside },
    [deploy = '', users = '', intervene = '', ...rest],
  ) => {
    expect(rest).toEqual([]);
    const visiting = beside(users);
    const deploying = beside(deploy);
    await until(deploying.text, () => /✓ shift .* \w+ 5, /.test(deploying.text()), 300_000);
    const result = await type(intervene);
    await visiting.leave();

    expectLive(result);
    expect(result.text).toContain('canary:');
    expect(await deploying.ended).toBe(3);
    expect(deploying.text()).toContain('! PAUSED');
  },

  'docs/hold.md: Try a release before your users do': async ({ clone, type }, [session = '']) => {
    const lines = session.trimEnd().split('\n');
    const toHold = lines.findIndex((line) => line.includes('--hold')) + 1;
    const held = expectDone(await type(lines.slice(0, toHold).join('\n')));
    const [, token = ''] = /X-Switchyard-Preview: (\w+)/.exec(held.text) ?? [];
    const rest = lines.slice(toHold).map((line) => line.replace(/(?<=Preview: )[^']+/, token));
    const result = expectDone(await type(rest.join('\n')));

    const shown = [...result.text.matchAll(/<h1>.*<\/h1>/g)].map(([heading]) => heading);
    expect(shown).toHaveLength(3);
    expect(shown[0]).not.toBe(shown[1]);
    expect(shown[2]).toBe(shown[1]);
    expect(clone.read('app/page.ts')).toContain(`'${shown[1]?.slice('<h1>'.length, -'</h1>'.length)}'`);
  },

  "docs/environment.md: The app's own environment": async ({ clone, type }, [session = '']) => {
    clone.write('../key.txt', 'k-1');
    clone.write('../dot.env', 'FROM_FILE=yes\n');
    const result = expectDone(await type(`cp ../key.txt key.txt; cp ../dot.env .env\n${session}`));
    expectDone(await type('rm key.txt .env'));

    const listed = result.text.slice(result.text.lastIndexOf('API_KEY'));
    expect(listed).toMatch(/^DATABASE_URL /m);
    expect(listed).not.toMatch(/^LOG_LEVEL /m);
    expect(result.text).toMatch(/^FROM_FILE /m);
    expect(result.text).not.toContain('app:secret');
  },

  'docs/environment.md: Variables for the install and the build': async ({ clone, type }, [session = '']) => {
    clone.write('../token.txt', 't-1');
    expectDone(await type(`exec < ../token.txt\n${session}`));
    const { text } = await type('./switchyard env list');
    expect(text).toMatch(/^NPM_TOKEN .* for install$/m);
    expect(text).toMatch(/^SENTRY_DSN [^f]*$/m);
  },

  'docs/ci-cd.md: What happens on each change': async ({ type }, [session = '']) => {
    expectLive(await type(session));
  },

  'docs/ci-cd.md: Without a forge': async ({ type }, [session = '']) => {
    expectDone(await type(session));
  },

  'docs/operations.md: When something is wrong': async ({ type }, [session = '']) => {
    expect(expectDone(await type(session)).text).toMatch(/^✓ every check passed/m);
  },
};

const BLOCKS = PAGES.flatMap(blocksOf).filter((block) => commandsOf(block) !== '');

describe('the documents', () => {
  it('have no block of commands that is neither run here nor listed with a reason', () => {
    const open = BLOCKS.filter((block) => !(headingOf(block) in STORIES) && !(nameOf(block) in NOT_RUN));
    expect(open.map(nameOf)).toEqual([]);
    const headings = BLOCKS.map(headingOf);
    expect(Object.keys(STORIES).filter((name) => !headings.includes(name))).toEqual([]);
    expect(Object.keys(NOT_RUN).filter((name) => !BLOCKS.map(nameOf).includes(name))).toEqual([]);
  });
});

needs('the sample app', sampleApp).describe(
  `the commands of the documents, in the order of SEED=${SEED}`,
  () => {
    let place: Place;
    let clone: LiveClone;

    beforeAll(async () => {
      clone = await liveClone({ env: { ...WHO, ...SAME_WHO, BAKE_SECONDS: '0' }, change: prepare });
      place = placeOf(clone);
    });
    afterAll(() => clone.cleanUp());

    it("the README's first session leads to a push, and the line after Next: is the push", async () => {
      const [start = ''] = runnable('README.md: Two commands');
      const started = expectDone(await place.type(start));
      const [, next = ''] = /^Next: change a line in app\/, then {2}(.*)$/m.exec(started.text) ?? [];
      clone.write(
        'app/page.ts',
        clone.read('app/page.ts').replace(/^const GREETING = .*/m, "const GREETING = 'Hi';"),
      );

      expectLive(await place.type(next));

      expect((await clone.get('/')).text).toContain('<h1>Hi</h1>');
    });

    it('npm run demo works after it, with uncommitted changes in the clone', async () => {
      clone.write('notes.txt', 'not committed');
      clone.write('app/page.ts', `${clone.read('app/page.ts')}// not committed\n`);

      const result = expectDone(await clone.shell('npm run demo'));

      expect(result.text).toMatch(/✗ NOT LIVE\. Still serving/);
      expect(result.text).toMatch(/ and 0 requests failed\. Stop\./);
      await clone.shell('rm notes.txt; git checkout app/page.ts');
    });

    it('a second clone beside it names the first, and starts as its hint says', async () => {
      const second = path.join(clone.dir, '..', 'second');
      // as npm ci and the compiler would make them
      expectDone(await clone.shell(`git clone . ${second} && cp -al node_modules dist ${second}`));
      const inSecond = (line: string): Promise<CommandResult> =>
        clone.shell(`export SWITCHYARD_HOME=${second}-home; cd ${second}; ${line}`);
      const refused = await inSecond('npm start');
      expect(refused.code).toBe(1);
      expect(refused.text).toContain(
        `✗ HTTP_PORT: Port ${clone.ports.http} is held by your other clone, ${clone.dir}.`,
      );
      const [, start = '', stop = ''] =
        /^ {2}Choose others: (.*)\. Or stop that one: (.*) \[E_PORT_IN_USE\]$/m.exec(refused.text) ?? [];

      const started = expectDone(await inSecond(start));
      expect(started.text).toMatch(/is live on blue/);
      expectDone(await inSecond('npm stop'));
      expect((await clone.get('/')).status).toBe(200);

      expectDone(await clone.shell(stop));
      expectDone(await clone.shell('npm start'));
    });

    it.each(shuffled(Object.keys(STORIES), SEED).map((name, index) => ({ name, index })))(
      '$name',
      async ({ name }) => {
        await (STORIES[name] as Story)(place, runnable(name));
      },
    );
  },
);

/** A token of a private registry changes no package; without this line its variable would install them again. */
function prepare(dir: string): void {
  withoutTests(dir);
  appendFileSync(path.join(dir, '.npmrc'), '//registry.example.org/:_authToken=${NPM_TOKEN}\n');
}

function placeOf(clone: LiveClone): Place {
  const { http, blue } = clone.ports;
  const onPorts = (lines: string): string =>
    lines.replaceAll('localhost:8000', `localhost:${http}`).replaceAll('localhost:8080', `localhost:${blue}`);
  return {
    clone,
    type: (lines) => clone.shell(onPorts(lines)),
    beside: (lines) => clone.terminal(onPorts(lines)),
  };
}

/** The blocks below a heading, without lines that are listed above. */
function runnable(name: string): string[] {
  return BLOCKS.filter((block) => headingOf(block) === name && !(nameOf(block) in NOT_RUN)).map((block) =>
    commandsOf(block)
      .split('\n')
      .filter((line) => !(line in LINES_NOT_RUN))
      .join('\n'),
  );
}

function headingOf({ page, heading }: PageBlock): string {
  return `${page}: ${heading}`;
}

function nameOf(block: PageBlock): string {
  const siblings = BLOCKS.filter((other) => headingOf(other) === headingOf(block));
  return `${headingOf(block)}: ${siblings.indexOf(block) + 1}`;
}

/** A line of a configuration that docs/strategies.md shows. */
function lineOfPage(key: string): string {
  const lines = blocksOf('docs/strategies.md').flatMap(({ code }) => code.split('\n'));
  return lines.find((line) => line.trim().startsWith(key)) ?? '';
}

function shuffled<Item>(items: Item[], seed: number): Item[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
