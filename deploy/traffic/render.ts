/**
 * Renders the templates in nginx/. Pure: (template, settings) -> text.
 *
 *     ${NAME}             a value; nginx's own ${variables} are in lower case
 *     #each NAME … #end   the lines between, once per entry of the list NAME
 */
import { bucketName } from '../core/traffic-table';
import type { Slot } from '../core/slot';
import { BUCKETS } from '../core/traffic-table';

export interface NginxSettings {
  /** Absolute paths without characters that nginx treats as syntax. */
  homeDir: string;
  nginxDir: string;
  accessLog: string;
  errorLog: string;
  slots: Slot[];
  httpPort: number;
  deployerPort: number;
  /** The largest request body for the app, in nginx's notation: `25m`. */
  maxBody: string;
  /** Prefixes of the paths of files with a hash in their name. */
  assets: string[];
  /** The user that workers run as; null if nginx is not started as root and its workers keep its user. */
  workerUser: { name: string; group: string } | null;
  workers: number;
  /** How many connections a worker can hold, and how many files it may open. */
  connections: number;
  files: number;
  /** How many concurrent requests one address may have; null for any number. */
  perAddress: number | null;
  /** Addresses and networks whose X-Forwarded-* headers are trusted. */
  trustedProxies: string[];
  /** Whether the machine has IPv6. Without it, `listen [::]` would prevent nginx from starting. */
  ipv6: boolean;
  /** Modules of this nginx that we do not use but that require a temporary folder: `fastcgi`. */
  unusedModules: string[];
}

/** Headers with the same meaning as those nginx sets. Apps and libraries may read them, so clients must not set them. */
const CLAIMS = [
  'Forwarded',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Protocol',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'Front-End-Https',
  'X-Url-Scheme',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'True-Client-IP',
];

/** How nginx refuses a request before it reaches a location. 494 is nginx's own code for headers that are too large. */
const REFUSALS = [
  {
    FROM: '400',
    STATUS: '400',
    CODE: 'E_BAD_REQUEST',
    MESSAGE: 'The request is not valid HTTP, or names no host.',
  },
  { FROM: '405', STATUS: '405', CODE: 'E_METHOD', MESSAGE: 'This server does not accept the method.' },
  {
    FROM: '414',
    STATUS: '414',
    CODE: 'E_URI_TOO_LONG',
    MESSAGE: 'The address is longer than this server accepts.',
  },
  {
    FROM: '494',
    STATUS: '431',
    CODE: 'E_HEADERS_TOO_LARGE',
    MESSAGE: 'The headers of the request are larger than this server accepts.',
  },
  {
    FROM: '501',
    STATUS: '501',
    CODE: 'E_TRANSFER_CODING',
    MESSAGE: 'This server accepts only the chunked transfer coding.',
  },
  {
    FROM: '505',
    STATUS: '505',
    CODE: 'E_HTTP_VERSION',
    MESSAGE: 'This server accepts HTTP/1.0 and HTTP/1.1.',
  },
];

export interface Values {
  [name: string]: string | Values[];
}

/**
 * The values for both templates.
 * @param mark the hash by which a running nginx identifies its configuration
 */
export function valuesFor(settings: NginxSettings, mark = ''): Values {
  const { workerUser, httpPort } = settings;
  return {
    MARK: mark,
    HOME_DIR: settings.homeDir,
    NGINX_DIR: settings.nginxDir,
    ACCESS_LOG: settings.accessLog,
    ERROR_LOG: settings.errorLog,
    HTTP_PORT: String(httpPort),
    LISTEN_IPV6_LINE: settings.ipv6
      ? `listen [::]:${httpPort} default_server;`
      : '# This machine has no IPv6.',
    DEPLOYER_PORT: String(settings.deployerPort),
    MAX_BODY: settings.maxBody,
    // a list of one entry, because a block without entries is left out
    ASSETS: settings.assets.length === 0 ? [] : [{ ASSET_PATHS: anyPrefix(settings.assets) }],
    USER_LINE: workerUser
      ? `user ${workerUser.name} ${workerUser.group};`
      : '# Not started as root: the workers keep the rights of the user that started nginx.',
    WORKERS: String(settings.workers),
    CONNECTIONS: String(settings.connections),
    FILES: String(settings.files),
    LIMIT_LINE:
      settings.perAddress === null
        ? '# An address may have any number of concurrent requests.'
        : `limit_conn addresses ${settings.perAddress};`,
    PROXY: settings.trustedProxies.map((address) => ({ ADDRESS: address })),
    // nginx may be built without the module of the first directive, which only proxies need
    PEER: settings.trustedProxies.length > 0 ? '$realip_remote_addr' : '$remote_addr',
    REAL_IP_LINE:
      settings.trustedProxies.length > 0
        ? 'real_ip_header X-Forwarded-For; real_ip_recursive on;'
        : '# There are none.',
    CLAIM: CLAIMS.map((name) => ({ HEADER: name, VARIABLE: name.toLowerCase().replaceAll('-', '_') })),
    REFUSAL: REFUSALS,
    UNUSED_MODULE: settings.unusedModules.map((module) => ({ MODULE: module })),
    SLOT: settings.slots.map(({ name, port }) => ({ SLOT: name, PORT: String(port) })),
    // the last bucket takes whatever remains after 99 times 1%
    BUCKET: Array.from({ length: BUCKETS - 1 }, (_, bucket) => ({ BUCKET: bucketName(bucket) })),
    LAST_BUCKET: bucketName(BUCKETS - 1),
  };
}

/** A regular expression; the schema allows only characters that nginx does not interpret inside quotes. */
function anyPrefix(prefixes: string[]): string {
  return `(${prefixes.map((prefix) => prefix.replace(/[.+]/g, '\\$&')).join('|')})`;
}

/** Renders a template. Throws an Error for a name without a value, and for an `#each` without its `#end`. */
export function render(template: string, values: Values): string {
  return renderLines(template.split('\n'), values).join('\n');
}

function renderLines(lines: string[], values: Values): string[] {
  const done: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const list = /^#each ([A-Z_]+)$/.exec(line)?.[1];
    if (list === undefined) {
      done.push(fillIn(line, values));
      continue;
    }
    const end = matchingEnd(lines, at);
    const block = lines.slice(at + 1, end);
    for (const entry of listNamed(list, values)) done.push(...renderLines(block, { ...values, ...entry }));
    at = end;
  }
  return done;
}

/** The index of the `#end` that closes the block at `start`. Blocks can be nested. */
function matchingEnd(lines: string[], start: number): number {
  let open = 0;
  for (let at = start; at < lines.length; at += 1) {
    if (lines[at]?.startsWith('#each ')) open += 1;
    if (lines[at] === '#end') open -= 1;
    if (open === 0) return at;
  }
  throw new Error(`template: "${lines[start]}" has no #end`);
}

function fillIn(line: string, values: Values): string {
  return line.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (typeof value !== 'string') throw new Error(`template: \${${name}} has no value`);
    return value;
  });
}

function listNamed(name: string, values: Values): Values[] {
  const value = values[name];
  if (!Array.isArray(value)) throw new Error(`template: #each ${name} is not a list`);
  return value;
}
