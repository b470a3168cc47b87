/**
 * Switchyard's configuration. Every key is optional; each one below stands at its default, except
 * `app.migrate`, which the sample app needs. The `app` part is read from the commit that is deployed, the
 * rest from this clone. Times are in seconds.
 *
 * @type {import('./deploy/config').UserConfig}
 */
module.exports = {
  /** What containers and images are called: myapp-blue, myapp-green, myapp:<commit>.
                                                                              environment: APP_NAME */
  name: 'myapp',
  /** Only this branch deploys.                                                  environment: BRANCH */
  branch: 'main',
  /** Where commits come from: null is the home's own push.git (git push live);
      or a URL git can fetch, such as https://github.com/you/app.git.             environment: SOURCE */
  source: null,
  /** How traffic moves to a new release: 'in-place', 'rolling', 'blue-green' or 'canary'; or one for each branch,
      { main: 'blue-green', 'feature/*': 'in-place', default: 'rolling' }. deploy -- --strategy goes over it. */
  strategy: 'blue-green',
  /** What keeps the app's processes running: 'pm2', or 'compose' for containers.  environment: RUNTIME */
  runtime: 'pm2',
  compose: {
    /** What each slot's container may use at most: memory as 512m or 2g, cores as 0.5 or 2. */
    memory: '512m',
    cpus: 1,
  },

  http: {
    /** The port nginx serves.                                                environment: HTTP_PORT */
    port: 8000,
    /** The largest request body nginx lets through to the app: 512k, 25m. */
    maxBody: '25m',
  },
  slots: {
    /** The port of each slot. Or how many there are, `slots: 4` (2 to 8), and their ports follow: blue, green,
        amber, violet, coral, teal, pink, lime.           environment: SLOTS, BLUE_PORT, GREEN_PORT */
    blue: 8080,
    green: 8081,
  },
  rolling: {
    /** How many slots are replaced at a time: a number, or a share of all such as '25%'. */
    batch: 1,
    /** Never fewer slots than this in service. When it is taken back, users are given to so many that are as before. */
    minHealthy: 1,
    /** A slot fails: 'undo' puts back all that were replaced; 'hold' puts back those of its batch alone, and waits
        for a person: promote tries them again, abort puts back all. */
    onFailure: 'undo',
  },
  maintenance: {
    /** What users see while a release is replaced in-place: an HTML file of this clone. Null: Switchyard's own. */
    page: null,
  },
  deployer: {
    /** The deployer listens here, on 127.0.0.1 only.                     environment: DEPLOYER_PORT */
    port: 9000,
  },

  bake: {
    /** How long a release is watched after it went live.                  environment: BAKE_SECONDS */
    seconds: 10,
    /** It is rolled back when its share of 5xx answers exceeds that of the release before by this. */
    maxErrorRatio: 0.05,
    /** Fewer requests than this are no evidence. */
    minRequests: 20,
  },
  /** A live release whose process ends so many times within so many seconds is rolled back to the standby, or to an
      earlier good release; where there is none, an incident says so. Null: never. */
  crashes: { limit: 5, withinSeconds: 300 },
  canary: {
    /** With strategy 'canary': the release's share of the users, in per cent, from step to step. 'pause' waits there
        until a person says npm run -s resume, promote or abort. */
    steps: [5, 25, 50, 100],
    /** How long a step is before it is judged. */
    seconds: 60,
    /** How much longer it collects when there is not enough data. Then a person is asked ('ask'); or it does not wait,
        and asks both sides app.health and app.smoke itself ('probe'). */
    patience: 300,
    tooFew: 'ask',
    /** Fewer requests, on either side, are not enough data. */
    minRequests: 100,
    /** It fails when its share of 5xx answers lies over this, whatever the other release does; */
    maxErrorRatio: 0.1,
    /** or over the other's by at least this, and not by chance; */
    extraErrors: 0.005,
    /** or when it takes so many times as long, and not by chance. For the first seconds of a step its answers' times
        do not count, since a new process is slower; and there must be 5 s more, or they are not compared. */
    slower: 1.25,
    warmUp: 5,
    /** What a push does meanwhile: 'wait', or 'supersede' the canary. */
    onPush: 'wait',
    /** For an A/B test: what visitors are to reach, as { path: '/signup', status: 201 }, or as { header: 'signup' } for
        what the app says in X-Switchyard-Goal. And the smallest difference of their shares that is worth knowing. */
    goal: null,
    matters: 0.01,
  },
  limits: {
    /** The longest each phase may take. */
    install: 600,
    test: 600,
    build: 600,
    migrate: 300,
    /** From the process's start to its first healthy answer. */
    start: 60,
    /** How long a slot's open connections may go on before it is stopped.    environment: DRAIN_SECONDS */
    drain: 30,
    /** From SIGTERM to SIGKILL. */
    stop: 15,
    /** Each command of "hooks". */
    hook: 60,
  },

  /** When the deployer does what nobody asks for, as cron writes it; null for never. */
  schedules: {
    /** Look for pushes whose webhook was lost. */
    poll: '* * * * *',
    /** Remove what is not kept. It is also done after each deployment. */
    prune: '17 4 * * *',
    /** Begin new log files where the old ones have grown too large. */
    rotate: '*/10 * * * *',
  },
  keep: {
    /** Good releases besides the active and the warm one. */
    releases: 5,
    /** The most that releases may take on the disk with their packages, which releases with the same lockfile share.
        The oldest good ones that do not fit are removed. The active and the warm release and the rollback target stay. */
    disk: '1g',
    /** Older log files, and the size at which a new one is begun. */
    logs: 5,
    logSize: '20m',
  },
  room: {
    /** A deployment is refused that would leave less than this free on the disk, or in memory. */
    disk: '500m',
    memory: '64m',
  },

  /** Commands of yours, as argument lists, by their moment: 'before prepare', 'after prepare', 'before migrate',
      'after migrate', 'before start', 'after start', 'before shift', 'after shift', 'before live', 'after live',
      and 'failure'. One that fails stops the deployment; 'after live' and 'failure' only warn. docs/environment.md */
  hooks: {},
  /** Who is told: { url: 'https://hooks.slack.com/…', on: ['live', 'failed', 'rolled-back'] }. Slack, Discord, or
      JSON for any other. Left out, `on` is everything: live, failed, rolled-back, aborted, holding, incident.
      The URL is a secret: better by NOTIFY_URL=… npm start.                 environment: NOTIFY_URL */
  notify: [],

  app: {
    /** The file that listens on PORT. */
    start: 'dist/app/server.js',
    /** The app's own tests and its build, as argument lists; null for none. */
    test: ['npm', 'run', '--silent', '--if-present', 'test:app'],
    build: ['npm', 'run', '--silent', '--if-present', 'build:app'],
    /** Run once before a new release starts; the old one still serves, so it must suit both. Default: null */
    migrate: ['node', 'dist/app/migrate.js'],
    /** Answers 200 with SWITCHYARD_COMMIT and SWITCHYARD_INSTANCE when the app can serve. */
    health: '/health',
    /** Paths that must answer below 400 before a release gets traffic. */
    smoke: [],
  },
};
