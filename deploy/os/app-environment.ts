/** Selects the caller's environment variables that reach an app, PM2's daemon and the deployer. */
import { cleanEnvironment } from './environment-allowlist';

/** Variables that only git, npm and Docker need, because a proxy's URL may contain a password. */
const NOT_FOR_AN_APP = /proxy$|^XDG_|^DOCKER_/i;

const LOCALE = /^(LANG|LC_[A-Z]+|TZ)$/;

/** The environment of an app, and of PM2, which does not pass on its own. */
export function appEnvironment(caller: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(deployerEnvironment(caller)).filter(([name]) => !NOT_FOR_AN_APP.test(name));
  return Object.fromEntries(kept);
}

/** The variables for language and time zone. A container gets no others of the caller's. */
export function localeEnvironment(caller: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(cleanEnvironment(caller)).filter(([name]) => LOCALE.test(name)));
}

/** The environment of the deployer, which also runs git, npm and Docker. */
export function deployerEnvironment(caller: NodeJS.ProcessEnv): Record<string, string> {
  const clean = cleanEnvironment(caller);
  return clean.PATH === undefined ? clean : { ...clean, PATH: withoutNpmFolders(clean.PATH) };
}

/** `npm run` prepends the clone's own tools to PATH; a release must not find them. */
function withoutNpmFolders(searched: string): string {
  return searched
    .split(':')
    .filter((folder) => !/\/node_modules\/\.bin$|\/node-gyp-bin$/.test(folder))
    .join(':');
}
