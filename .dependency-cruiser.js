/**
 * The order of the rooms in deploy/, from top to bottom. A room imports only from rooms below it, type imports
 * included, and no import cycle exists. `npm run lint` enforces both; `npm run graph` draws the rooms.
 */
const ROOMS = [
  { name: 'the programs', files: 'deploy/(?!context)[^/]+[.]ts$' },
  { name: 'commands', files: 'deploy/commands/' },
  { name: 'doctor', files: 'deploy/doctor/' },
  { name: 'setup', files: 'deploy/setup/' },
  { name: 'client', files: 'deploy/client/' },
  { name: 'reporters', files: 'deploy/reporters/' },
  { name: 'http', files: 'deploy/http/' },
  { name: 'pipeline', files: 'deploy/pipeline/(?!steps/)' },
  { name: 'pipeline/steps', files: 'deploy/pipeline/steps/' },
  { name: 'deployer', files: 'deploy/deployer/' },
  { name: 'prune', files: 'deploy/prune/' },
  { name: 'notify', files: 'deploy/notify/' },
  { name: 'health', files: 'deploy/health/' },
  { name: 'context', files: 'deploy/context[.]ts$' },
  { name: 'release', files: 'deploy/release/' },
  { name: 'runtimes', files: 'deploy/runtimes/' },
  { name: 'traffic', files: 'deploy/traffic/' },
  { name: 'config', files: 'deploy/config/' },
  { name: 'journal', files: 'deploy/journal/' },
  { name: 'git', files: 'deploy/git/' },
  { name: 'home', files: 'deploy/home/' },
  { name: 'os', files: 'deploy/os/' },
  { name: 'strategies', files: 'deploy/strategies/' },
  { name: 'core', files: 'deploy/core/' },
];

const anyOf = (rooms) => `^(${rooms.map(({ files }) => files).join('|')})`;

const order = ROOMS.slice(1).map(({ name, files }, index) => ({
  name: `${name} imports only from below`,
  comment: 'Move the shared part to a room below both, or pass it in.',
  severity: 'error',
  from: { path: `^${files}` },
  to: { path: anyOf(ROOMS.slice(0, index + 1)) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...order,
    {
      name: 'every file has a room',
      comment: 'Add the new room to the list in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: '^deploy/', pathNot: anyOf(ROOMS) },
      to: {},
    },
    {
      name: 'deploy imports neither scripts nor tools nor tests',
      comment: 'The kit must run without them. Move the shared part into deploy/.',
      severity: 'error',
      from: { path: '^deploy/' },
      to: { path: '^(scripts|tools|test)/' },
    },
    {
      name: 'scripts import only scripts',
      comment: 'They run before npm ci, and nothing is compiled then.',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: '^(deploy|tools|test)/' },
    },
    {
      name: 'no cycles',
      comment: 'Move what both files need to a third.',
      severity: 'error',
      from: { path: '^(deploy|scripts|tools)/' },
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^(deploy|scripts|tools|test)/',
    reporterOptions: {
      dot: { collapsePattern: '^deploy/(?:pipeline/steps|[^/]+)' },
    },
  },
};
