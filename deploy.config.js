/**
 * Switchyard's configuration. Every key is optional and shown with its default, except `app.migrate`, which
 * the sample app needs. The section `app` is read from the deployed commit, the rest from this clone. Times
 * are in seconds. "environment" names the variable that overrides a key.
 *
 * @type {import('./deploy/config/load').UserConfig}
 */
module.exports = {
  /** The name of containers and images: myapp-blue, myapp-green, myapp:<commit>.
                                                                              environment: APP_NAME */
  name: 'myapp',
  /** Only this branch deploys.                                                  environment: BRANCH */
  branch: 'main',
  /** Where commits come from: null for the home's own push.git (git push live), or a URL that git can fetch,
      such as https://github.com/you/app.git.                                     environment: SOURCE */
  source: null,
  /** How traffic moves to a new release: 'in-place', 'rolling', 'blue-green' or 'canary'; or one for each branch,
      { main: 'blue-green', 'feature/*': 'in-place', default: 'rolling' }. deploy -- --strategy overrides it. */
  strategy: 'blue-green',
  /** What runs the slots: 'pm2' for processes, 'compose' for containers.          environment: RUNTIME */
  runtime: 'pm2',
  compose: {
    /** The limits of each slot's container: memory as 512m or 2g, cores as 0.5 or 2. */
    memory: '512m',
    cpus: 1,
  },

  http: {
    /** The port that nginx listens on.                                       environment: HTTP_PORT */
    port: 8000,
    /** The largest request body that nginx passes to the app: 512k, 25m. */
    maxBody: '25m',
    /** The addresses or networks of proxies in front of nginx, such as ['10.0.0.0/8', '127.0.0.1']. Their headers about
        the client and https are trusted; those of any other sender are overwritten. docs/proxy.md */
    trustedProxies: [],
    /** How many concurrent requests one address may have, including WebSockets and other streams; more get 429. This
        machine and private networks are not counted. Null: any number. */
    perAddress: 2000,
    /** The paths of files with a hash in their name: '/assets/', or ['/_next/static/', '/fonts/']. If a slot answers a
        GET there with 404, nginx asks the slot of the other release. Takes effect at npm start. docs/strategies.md */
    assets: null,
  },
  slots: {
    /** The port of each slot; or the number of slots, `slots: 4` (2 to 8), on consecutive ports: blue, green,
        amber, violet, coral, teal, pink, lime.           environment: SLOTS, BLUE_PORT, GREEN_PORT */
    blue: 8080,
    green: 8081,
  },
  rolling: {
    /** The number of slots to replace at a time, or a share such as '25%'. */
    batch: 1,
    /** The minimum number of slots in service. An undo moves users as soon as this many slots run the old release. */
    minHealthy: 1,
    /** When a slot fails: 'undo' restores all replaced slots. 'hold' restores only the slots of this batch and waits
        for an operator: promote retries them, abort restores all slots. */
    onFailure: 'undo',
  },
  maintenance: {
    /** The page that users see during an in-place deployment: an HTML file in this clone. Null: Switchyard's own. */
    page: null,
  },
  deployer: {
    /** The deployer's port, on 127.0.0.1 only.                           environment: DEPLOYER_PORT */
    port: 9000,
    /** The largest webhook that it reads: 512k, 25m. A push of many commits sends a large webhook. If a webhook is
        refused, the deployer still finds the push within a minute. */
    maxBody: '1m',
  },

  bake: {
    /** How long a release is watched after it goes live.                  environment: BAKE_SECONDS */
    seconds: 10,
    /** The release is rolled back if its share of 5xx responses exceeds that of the previous release by this much. */
    maxErrorRatio: 0.05,
    /** Fewer requests than this are not evidence. */
    minRequests: 20,
  },
  /** A live release whose process exits this many times within this many seconds is rolled back to the standby, or to
      an earlier good release. If there is none, an incident says so. Null: never. */
  crashes: { limit: 5, withinSeconds: 300 },
  canary: {
    /** The canary's share of the users at each step, in percent. 'pause' waits for ./switchyard resume, promote or
        abort. */
    steps: [5, 25, 50, 100],
    /** The length of a step. Its verdict follows. */
    seconds: 60,
    /** Without enough data, a step collects this much longer and then asks an operator ('ask'). Or it does not wait and
        requests app.health and app.smoke on both sides itself ('probe'). */
    patience: 300,
    tooFew: 'ask',
    /** Fewer requests than this on either side are not enough data. */
    minRequests: 100,
    /** The canary fails if its share of 5xx responses exceeds this, whatever stable does; */
    maxErrorRatio: 0.1,
    /** or if it exceeds that of stable by at least this, and not by chance; */
    extraErrors: 0.005,
    /** or if it takes this many times as long, and not by chance. Response times in the first warmUp seconds of a step
        do not count, because a new process is slower. Latency is compared only if the step is at least 5 s longer. */
    slower: 1.25,
    warmUp: 5,
    /** What a push does during a canary: 'wait', or 'supersede' it. */
    onPush: 'wait',
    /** For an A/B test: the goal of a visitor, as { path: '/signup', status: 201 }, or as { header: 'signup' } for a
        name that the app sends in X-Switchyard-Goal; and the smallest difference that matters to you. */
    goal: null,
    matters: 0.01,
  },
  limits: {
    /** The longest time that each phase may take. */
    install: 600,
    test: 600,
    build: 600,
    migrate: 300,
    /** From the start of the process to its first healthy response. */
    start: 60,
    /** How long open connections may last before their slot is stopped.      environment: DRAIN_SECONDS */
    drain: 30,
    /** From SIGTERM to SIGKILL. */
    stop: 15,
    /** For each command in "hooks". */
    hook: 60,
  },

  /** When the deployer does its own tasks, in cron's format; null for never. */
  schedules: {
    /** Finds pushes whose webhook was lost. */
    poll: '* * * * *',
    /** Removes what "keep" does not cover. Each deployment does this too. */
    prune: '17 4 * * *',
    /** Rotates log files that have grown too large. */
    rotate: '*/10 * * * *',
  },
  keep: {
    /** The number of good releases to keep, besides the active and the warm one. */
    releases: 5,
    /** The disk limit for releases and their packages. Releases with the same lockfile share one set of packages. Above
        the limit, the oldest good releases are removed. The active release, the warm one and the rollback target always
        stay. */
    disk: '1g',
    /** The number of old log files, the size at which a log is rotated, and the disk limit for all logs together,
        above which the oldest ones are removed. */
    logs: 5,
    logSize: '20m',
    logDisk: '500m',
  },
  room: {
    /** A deployment is refused if it would leave less than this free on the disk or in memory. */
    disk: '500m',
    memory: '64m',
  },

  /** Your own commands, as argument lists, by moment: 'before prepare', 'after prepare', 'before migrate',
      'after migrate', 'before start', 'after start', 'before shift', 'after shift', 'before live', 'after live',
      and 'failure'. A failing one stops the deployment; 'after live' and 'failure' only warn. docs/environment.md */
  hooks: {},
  /** Receivers: { url: 'https://hooks.slack.com/…', on: ['live', 'failed', 'rolled-back'] }. Slack, Discord, or JSON
      for any other URL. Without `on`, all events: live, failed, rolled-back, aborted, holding, incident. The URL is a
      secret; NOTIFY_URL=… npm start keeps it out of this file.              environment: NOTIFY_URL */
  notify: [],

  app: {
    /** The file that listens on PORT. */
    start: 'dist/app/server.js',
    /** The app's own tests and its build, as argument lists; null for none. */
    test: ['npm', 'run', '--silent', '--if-present', 'test:app'],
    build: ['npm', 'run', '--silent', '--if-present', 'build:app'],
    /** Runs once before a new release starts. The old one still serves users, so the schema must suit both.
        Default: null */
    migrate: ['node', 'dist/app/migrate.js'],
    /** The path that answers 200 with SWITCHYARD_COMMIT and SWITCHYARD_INSTANCE once the app can serve requests. */
    health: '/health',
    /** Paths that must answer with a status below 400 before a release gets traffic. */
    smoke: [],
  },
};
