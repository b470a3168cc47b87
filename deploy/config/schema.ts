/** The schema of deploy.config.js: every key, its type and its default. The file itself explains them. */
import { isIP } from 'node:net';
import { validate } from 'node-cron';
import { z } from 'zod';
import { withoutCredentials } from '../core/redact-url';
import { STRATEGY_NAMES } from '../core/strategy-choice';
import { FIRST_PORT, SLOT_NAMES } from '../core/pool';

/** The moments when a hook runs: before or after a stage of a deployment, or after a failure. */
const hookName = z
  .string()
  .regex(/^(before|after) (prepare|migrate|start|shift|live)$|^failure$/, 'is not a moment of a deployment');
/** The events that send a notification. */
export const NOTICES = ['live', 'failed', 'rolled-back', 'aborted', 'holding', 'incident'] as const;

const port = z.number().int().min(1).max(65535);
const seconds = z.number().min(0).max(86_400);
const argv = z.array(z.string().min(1)).min(1).nullable();
const urlPath = z.string().startsWith('/');
/** It becomes part of nginx's configuration. '/' is not allowed, because it would include pages. */
const assetPrefix = z
  .string()
  .regex(/^\/[\w.~@+-][\w.~@+/-]*$/, 'is not the beginning of a path such as /assets/');

export const appSchema = z.strictObject({
  start: z.string().min(1).default('dist/app/server.js'),
  test: argv.default(['npm', 'run', '--silent', '--if-present', 'test:app']),
  build: argv.default(['npm', 'run', '--silent', '--if-present', 'build:app']),
  migrate: argv.default(null),
  health: urlPath.default('/health'),
  smoke: z.array(urlPath).default([]),
});

const strategy = z.union(
  [z.enum(STRATEGY_NAMES), z.record(z.string().min(1), z.enum(STRATEGY_NAMES))],
  `is neither a strategy (${STRATEGY_NAMES.join(', ')}) nor one for each branch`,
);

/** `slots: 4` is expanded before validation. */
const slots = z.strictObject(
  {
    blue: port.default(FIRST_PORT),
    green: port.default(FIRST_PORT + 1),
    amber: port.optional(),
    violet: port.optional(),
    coral: port.optional(),
    teal: port.optional(),
    pink: port.optional(),
    lime: port.optional(),
  } satisfies Record<(typeof SLOT_NAMES)[number], z.ZodType>,
  `is neither a number from 2 to ${SLOT_NAMES.length} nor ports by the slots' names`,
);

/** Shares must grow, so that a user of the canary stays on it. A pause must follow a share. */
function growing(steps: (number | 'pause')[]): boolean {
  const shares = steps.filter((step) => step !== 'pause');
  return steps[0] !== 'pause' && shares.every((share, at) => at === 0 || share > (shares[at - 1] as number));
}

/** A network of all addresses is not allowed: every client would be trusted. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (bits === undefined) return most > 0;
  return rest.length === 0 && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most;
}

/** git takes no token in a query; only messages and process lists would show it. */
const hasNoQuery = (source: string): boolean => !/^\s*https?:[^?]*\?/i.test(withoutCredentials(source));
const SAFER = 'it has a query, and git takes a token before the host: https://user:TOKEN@host/path';
const size = z.string().regex(/^\d+[kmg]$/, 'is not a size such as 25m');
const bodySize = z.string().regex(/^\d+[km]$/, 'is not a size such as 25m');
const cron = z.string().refine(validate, 'is not a schedule such as "*/5 * * * *"').nullable();

export const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'is not a name of lowercase letters, digits and dashes')
    .default('myapp'),
  branch: z.string().min(1).default('main'),
  source: z.string().min(1).refine(hasNoQuery, SAFER).nullable().default(null),
  strategy: strategy.default('blue-green'),
  runtime: z.enum(['pm2', 'compose']).default('pm2'),
  compose: z
    .strictObject({
      memory: size.default('512m'),
      cpus: z.number().positive().default(1),
    })
    .prefault({}),
  http: z
    .strictObject({
      port: port.default(8000),
      maxBody: bodySize.default('25m'),
      trustedProxies: z
        .array(z.string().refine(isNetwork, 'is not an address or a network such as 10.0.0.0/8'))
        .default([]),
      perAddress: z.number().int().min(1).nullable().default(2000),
      assets: z
        .union([assetPrefix, z.array(assetPrefix)])
        .nullable()
        .default(null),
    })
    .prefault({}),
  slots: slots.prefault({}),
  rolling: z
    .strictObject({
      batch: z
        .union(
          [z.number().int().min(1), z.string().regex(/^([1-9]\d?|100)%$/, 'is not a share such as 25%')],
          'is neither a number nor a share such as 25%',
        )
        .default(1),
      minHealthy: z.number().int().min(0).default(1),
      onFailure: z.enum(['undo', 'hold']).default('undo'),
    })
    .prefault({}),
  maintenance: z.strictObject({ page: z.string().min(1).nullable().default(null) }).prefault({}),
  deployer: z.strictObject({ port: port.default(9000), maxBody: bodySize.default('1m') }).prefault({}),
  bake: z
    .strictObject({
      seconds: seconds.default(10),
      maxErrorRatio: z.number().min(0).max(1).default(0.05),
      minRequests: z.number().int().min(1).default(20),
    })
    .prefault({}),
  crashes: z
    .strictObject({
      limit: z.number().int().min(1).default(5),
      withinSeconds: seconds.default(300),
    })
    .nullable()
    .prefault({}),
  canary: z
    .strictObject({
      steps: z
        .array(z.union([z.number().int().min(1).max(100), z.literal('pause')]))
        .min(1)
        .refine(growing, 'are not increasing shares, each with an optional pause')
        .default([5, 25, 50, 100]),
      seconds: seconds.default(60),
      patience: seconds.default(300),
      tooFew: z.enum(['ask', 'probe']).default('ask'),
      minRequests: z.number().int().min(1).default(100),
      maxErrorRatio: z.number().min(0).max(1).default(0.1),
      extraErrors: z.number().min(0).max(1).default(0.005),
      slower: z.number().min(1).default(1.25),
      warmUp: seconds.default(5),
      onPush: z.enum(['wait', 'supersede']).default('wait'),
      goal: z
        .union([
          z.strictObject({ path: urlPath, status: z.number().int().min(100).max(599).optional() }),
          z.strictObject({ header: z.string().min(1) }),
        ])
        .nullable()
        .default(null),
      matters: z.number().gt(0).max(1).default(0.01),
    })
    .prefault({}),
  limits: z
    .strictObject({
      install: seconds.default(600),
      test: seconds.default(600),
      build: seconds.default(600),
      migrate: seconds.default(300),
      start: seconds.default(60),
      drain: seconds.default(30),
      stop: seconds.default(15),
      hook: seconds.default(60),
    })
    .prefault({}),
  schedules: z
    .strictObject({
      poll: cron.default('* * * * *'),
      prune: cron.default('17 4 * * *'),
      rotate: cron.default('*/10 * * * *'),
    })
    .prefault({}),
  keep: z
    .strictObject({
      releases: z.number().int().min(1).default(5),
      disk: size.default('1g'),
      logs: z.number().int().min(0).default(5),
      logSize: size.default('20m'),
      logDisk: size.default('500m'),
    })
    .prefault({}),
  room: z.strictObject({ disk: size.default('500m'), memory: size.default('64m') }).prefault({}),
  hooks: z.partialRecord(hookName, z.array(z.string().min(1)).min(1)).default({}),
  notify: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/, error: 'is not an http or https address' }),
        on: z
          .array(z.enum(NOTICES))
          .min(1)
          .default([...NOTICES]),
      }),
    )
    .default([]),
  app: appSchema.prefault({}),
});

export type Config = z.output<typeof schema>;
/** The exports of deploy.config.js: every key is optional. */
export type UserConfig = Omit<z.input<typeof schema>, 'slots'> & { slots?: number | z.input<typeof slots> };
