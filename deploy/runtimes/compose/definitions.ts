/**
 * Builds the override files that Compose merges over docker-compose.<slot>.yml: image, instance, user and data of one
 * start. Pure. The files are JSON, which is valid YAML.
 */
import path from 'node:path';
import type { Config } from '../../config/load';
import type { Release } from '../../core/release';
import type { Slot, SlotName } from '../../core/slot';
import { shellQuote } from '../../core/shell-word';
import type { Home } from '../../home/home';
import { LABEL } from './containers';

/** The path of the shared folder inside a container. */
export const DATA_IN_CONTAINER = '/data';

const LENT = 'SWITCHYARD_LENT_';
const BORROWED = new RegExp(`^\\$\\{${LENT}\\d+\\}$`);

/** Numeric ids, because a container does not have this machine's user names. */
export interface ContainerUser {
  uid: number;
  gid: number;
}

export interface RunInput {
  home: Pick<Home, 'dir' | 'shared'>;
  config: Pick<Config, 'name' | 'compose' | 'limits'>;
  release: Release;
  user: ContainerUser;
  /** This machine's core count, because the engine refuses a higher CPU limit. */
  cores: number;
  /** The app's own variables. The override file contains only their names; see `composeVariables`. */
  variables?: Record<string, string>;
}

export interface SlotInput extends RunInput {
  slot: Slot;
  instance: string;
  /** The version number of the app's own variables. */
  environment: number;
}

/**
 * The override file of a slot, as an object.
 * @param definition the file it overrides, by default the slot's own; if it is another slot's, the slot extends it
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
        // Switchyard probes far more often; this check is for `docker ps`
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

/** The `extends` entry of a slot that uses another slot's definition; empty for a slot with its own file. */
function inherited(slot: SlotName, definition: string): object {
  if (definition.endsWith(fileOf(slot))) return {};
  return { extends: { file: definition, service: /\.([a-z]+)\.yml$/.exec(definition)?.[1] } };
}

/** The file name of a slot's own definition in the clone. */
export function fileOf(slot: SlotName): string {
  return `docker-compose.${slot}.yml`;
}

/**
 * The override file of a one-off command.
 * @param service the slot whose definition it uses
 */
export function runOverride(service: SlotName, input: RunInput): object {
  return withEscapes({ services: { [service]: serviceOf(input) } });
}

/** The build secrets with the variables of a phase; see the Dockerfile. */
export const SECRETS = { install: 'install-variables', build: 'build-variables' } as const;

export interface BuildInput {
  home: Pick<Home, 'dir'>;
  name: string;
  slot: SlotName;
  release: Pick<Release, 'commit' | 'dir' | 'app'>;
  env: NodeJS.ProcessEnv;
  /** The file with the variables of each phase, and a hash that changes with what they change. */
  variables: Record<keyof typeof SECRETS, { file: string; seal: string }>;
}

/** The override file of a build: the commit's folder as context, the image's labels, build arguments and secrets. */
export function buildOverride({ home, name, slot, release, env, variables }: BuildInput): object {
  const labels = { [LABEL.home]: home.dir, [LABEL.commit]: release.commit };
  const image = imageOf(name, release);
  const { start, build: argv } = release.app;
  const args = {
    ...proxiesOf(env),
    BUILD: argv === null ? 'true' : shellLine(argv),
    START: start,
    SWITCHYARD_COMMIT: release.commit,
    // the builder does not compare secrets, so without these arguments it would reuse layers built with different
    // values
    INSTALL_VARIABLES: variables.install.seal,
    BUILD_VARIABLES: variables.build.seal,
  };
  const build = { context: release.dir, args, labels, secrets: Object.values(SECRETS) };
  const secrets = {
    [SECRETS.install]: { file: variables.install.file },
    [SECRETS.build]: { file: variables.build.file },
  };
  return withEscapes({ services: { [slot]: { image, build } }, secrets });
}

/** Quotes each argument as one shell word, because the Dockerfile expects a shell command line. */
function shellLine(argv: string[]): string {
  return argv.map(shellQuote).join(' ');
}

/**
 * The proxy variables that npm needs for network access. Docker keeps these arguments out of the image and its history.
 */
function proxiesOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const proxies = Object.entries(env).filter(([name]) =>
    /^((https?|no)_proxy|(HTTPS?|NO)_PROXY)$/.test(name),
  );
  return Object.fromEntries(proxies) as Record<string, string>;
}

/**
 * The app's variables, passed in the environment of the Compose process so that no file contains their values. The
 * names are Switchyard's own, because Docker and Compose read APP_NAME, DOCKER_HOST and the like.
 */
export function composeVariables(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.values(variables).map((value, index) => [`${LENT}${index}`, value]));
}

/** The app's variables in the override file: each name with a reference to its value in Compose's environment. */
function borrowed(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(variables).map((name, index) => [name, `\${${LENT}${index}}`]));
}

/** The image name of a release: its commit, with a number if it was rebuilt. */
export function imageOf(name: string, { commit, dir }: Pick<Release, 'commit' | 'dir'>): string {
  const folder = path.basename(dir);
  return `${name}:${folder.startsWith(`${commit}.`) ? folder : commit}`;
}

/** The container name of a slot. */
export function containerOf(name: string, slot: SlotName): string {
  return `${name}-${slot}`;
}

/** The settings that all containers of a release share. */
function serviceOf({ home, config, release, user, cores, variables }: RunInput) {
  return {
    image: imageOf(config.name, release),
    user: `${user.uid}:${user.gid}`,
    volumes: [{ type: 'bind', source: home.shared, target: DATA_IN_CONTAINER }],
    mem_limit: config.compose.memory,
    cpus: Math.min(config.compose.cpus, cores),
    environment: {
      // a user without an entry in /etc/passwd has no home directory
      HOME: '/tmp',
      NODE_ENV: 'production',
      ...borrowed(variables ?? {}),
      SWITCHYARD_COMMIT: release.commit,
      SWITCHYARD_DATA: DATA_IN_CONTAINER,
    },
    labels: { [LABEL.home]: home.dir, [LABEL.commit]: release.commit },
  };
}

/** Escapes every `$` except in our own references, because Compose would treat it as the start of a variable. */
function withEscapes<T extends object>(value: T): T {
  const escaped = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'string' && !BORROWED.test(each) ? each.replaceAll('$', '$$$$') : each,
  );
  return JSON.parse(escaped) as T;
}
