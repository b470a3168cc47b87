/**
 * What Compose is told of one start of a slot, over docker-compose.<slot>.yml: the commit's image, the proof, whose
 * data. Pure. Compose reads YAML, and JSON is YAML.
 */
import type { Config } from '../../config/load';
import type { Release } from '../../core/release';
import type { Slot, SlotName } from '../../core/slot';
import { quoted } from '../../core/shell-word';
import type { Home } from '../../home/home';
import { LABEL } from './containers';

/** Where a container sees the shared folder. */
export const DATA_IN_CONTAINER = '/data';

const LENT = 'SWITCHYARD_LENT_';
const BORROWED = new RegExp(`^\\$\\{${LENT}\\d+\\}$`);

/** A user and a group by their numbers: the container knows no names of this machine's. */
export interface ContainerUser {
  uid: number;
  gid: number;
}

export interface RunInput {
  home: Pick<Home, 'dir' | 'shared'>;
  config: Pick<Config, 'name' | 'compose' | 'limits'>;
  release: Release;
  user: ContainerUser;
  /** This machine's cores: more than there are, and the engine refuses. */
  cores: number;
  /** The app's own variables. Only their names come into the file; see lent. */
  variables?: Record<string, string>;
}

export interface SlotInput extends RunInput {
  slot: Slot;
  instance: string;
  /** The number of the app's own variables. */
  environment: number;
}

/**
 * The override file of a slot, as an object.
 * @param definition the file it goes over: the slot's own unless told, or that of another slot, whose definition it then takes over
 */
export function slotOverride(input: SlotInput, definition = fileOf(input.slot.name)): object {
  const { config, slot, release, instance, environment } = input;
  const service = serviceOf(input);
  return withEscapes({
    services: {
      [slot.name]: {
        ...service,
        ...inherited(slot.name, definition),
        container_name: containerOf(config.name, slot.name),
        command: ['node', release.app.start],
        stop_grace_period: `${config.limits.stop}s`,
        // Switchyard asks far more often; this one is for `docker ps`
        healthcheck: { interval: '30s' },
        environment: {
          ...service.environment,
          PORT: String(slot.port),
          HEALTH: release.app.health,
          SWITCHYARD_INSTANCE: instance,
          SWITCHYARD_ENVIRONMENT: String(environment),
          SWITCHYARD_SLOT: slot.name,
        },
        labels: {
          ...service.labels,
          [LABEL.slot]: slot.name,
          [LABEL.instance]: instance,
          [LABEL.environment]: String(environment),
        },
      },
    },
  });
}

/** Nothing for a slot with a file of its own. */
function inherited(slot: SlotName, definition: string): object {
  if (definition.endsWith(fileOf(slot))) return {};
  return { extends: { file: definition, service: /\.([a-z]+)\.yml$/.exec(definition)?.[1] } };
}

/** A slot's own definition in the clone. */
export function fileOf(slot: SlotName): string {
  return `docker-compose.${slot}.yml`;
}

/** The override file of a command that runs once. @param service the slot whose definition it borrows */
export function runOverride(service: SlotName, input: RunInput): object {
  return withEscapes({ services: { [service]: serviceOf(input) } });
}

/** The override file of a build: the commit's folder and what the image carries. */
export function buildOverride(
  home: Pick<Home, 'dir'>,
  name: string,
  slot: SlotName,
  release: Pick<Release, 'commit' | 'dir' | 'app'>,
  env: NodeJS.ProcessEnv,
): object {
  const labels = { [LABEL.home]: home.dir, [LABEL.commit]: release.commit };
  const image = imageOf(name, release.commit);
  const { start, build: argv } = release.app;
  const args = { ...proxiesOf(env), BUILD: argv === null ? 'true' : shellLine(argv), START: start };
  const build = { context: release.dir, args, labels };
  return withEscapes({ services: { [slot]: { image, build } } });
}

/** One word for each argument, whatever is in it: a Dockerfile knows only a shell's line. */
function shellLine(argv: string[]): string {
  return argv.map(quoted).join(' ');
}

/** What npm needs to get out. Docker keeps these few arguments out of the image and its history. */
function proxiesOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const proxies = Object.entries(env).filter(([name]) =>
    /^((https?|no)_proxy|(HTTPS?|NO)_PROXY)$/.test(name),
  );
  return Object.fromEntries(proxies) as Record<string, string>;
}

/**
 * The app's variables as Compose's own environment has to carry them, so that no file does; and under names of ours, for
 * Docker reads APP_NAME, DOCKER_HOST and the like for itself.
 */
export function lent(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.values(variables).map((value, index) => [`${LENT}${index}`, value]));
}

/** The same in the file: each name with where Compose finds its value. */
function borrowed(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(variables).map((name, index) => [name, `\${${LENT}${index}}`]));
}

/** The image of a commit. */
export function imageOf(name: string, commit: string): string {
  return `${name}:${commit}`;
}

/** What `docker ps` calls a slot. */
export function containerOf(name: string, slot: SlotName): string {
  return `${name}-${slot}`;
}

/** What all of a release's containers have in common. */
function serviceOf({ home, config, release, user, cores, variables }: RunInput) {
  return {
    image: imageOf(config.name, release.commit),
    user: `${user.uid}:${user.gid}`,
    volumes: [{ type: 'bind', source: home.shared, target: DATA_IN_CONTAINER }],
    mem_limit: config.compose.memory,
    cpus: Math.min(config.compose.cpus, cores),
    environment: {
      // a user without a name has no home either
      HOME: '/tmp',
      NODE_ENV: 'production',
      ...borrowed(variables ?? {}),
      SWITCHYARD_COMMIT: release.commit,
      SWITCHYARD_DATA: DATA_IN_CONTAINER,
    },
    labels: { [LABEL.home]: home.dir, [LABEL.commit]: release.commit },
  };
}

/** Compose would take a `$` in a value for the name of a variable, which only those are that it is to find. */
function withEscapes<T extends object>(value: T): T {
  const escaped = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'string' && !BORROWED.test(each) ? each.replaceAll('$', '$$$$') : each,
  );
  return JSON.parse(escaped) as T;
}
