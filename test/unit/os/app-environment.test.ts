import { appEnvironment, deployerEnvironment } from '../../../deploy/os/app-environment';

const SHELL = {
  PATH: '/clone/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin:/bin',
  HOME: '/home/ada',
  LC_ALL: 'C.UTF-8',
  TZ: 'Europe/Berlin',
  HTTPS_PROXY: 'http://ada:password@proxy',
  XDG_CONFIG_HOME: '/home/ada/.config',
  WEBHOOK_SECRET: 'secret',
  NODE_OPTIONS: '--inspect',
  npm_config_registry: 'https://token@registry',
  PM2_HOME: '/home/ada/.pm2',
};

it('an app gets the listed variables and no others', () => {
  expect(Object.keys(appEnvironment(SHELL)).sort()).toEqual(['HOME', 'LC_ALL', 'PATH', 'TZ']);
});

it('the deployer gets the proxy variables too, which may contain a password', () => {
  expect(Object.keys(deployerEnvironment(SHELL)).sort()).toEqual([
    'HOME',
    'HTTPS_PROXY',
    'LC_ALL',
    'PATH',
    'TZ',
    'XDG_CONFIG_HOME',
  ]);
});

it("the clone's own tools, which npm run adds, are removed from PATH", () => {
  expect(appEnvironment(SHELL).PATH).toBe('/usr/bin:/bin');
  expect(deployerEnvironment(SHELL).PATH).toBe('/usr/bin:/bin');
});
