/**
 * Which variables of the caller's environment a process gets: those on a list, never "all but". A secret
 * that stands in somebody's shell must not reach the app, PM2's daemon or PM2's dump.
 */
type Environment = Record<string, string>;

/** What a program needs to find its files, speak the user's language and trust the machine's certificates. */
const FOR_ALL = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** What git and npm need besides, in the deployer: the way out, and the user's keys. A proxy's URL may hold a password. */
const FOR_THE_DEPLOYER = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'SSH_AUTH_SOCK',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
];

/** The environment of an app, and the ground of every other. */
export function appEnvironment(caller: NodeJS.ProcessEnv): Environment {
  return pick(caller, (name) => FOR_ALL.includes(name) || name.startsWith('LC_'));
}

/** The environment of the deployer, which fetches and installs. */
export function deployerEnvironment(caller: NodeJS.ProcessEnv): Environment {
  const more = pick(caller, (name) => FOR_THE_DEPLOYER.includes(name.toUpperCase()));
  return { ...appEnvironment(caller), ...more };
}

function pick(caller: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Environment {
  const picked: Environment = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value !== undefined && wanted(name))
      picked[name] = name === 'PATH' ? withoutNpmFolders(value) : value;
  }
  return picked;
}

/** `npm run` puts the clone's own tools in front of PATH; a release must not find them. */
function withoutNpmFolders(value: string): string {
  return value
    .split(':')
    .filter((folder) => !/\/node_modules\/\.bin$|\/node-gyp-bin$/.test(folder))
    .join(':');
}
