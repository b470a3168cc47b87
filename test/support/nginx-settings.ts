/** Settings for nginx's templates: a pool of three slots. */
import type { NginxSettings } from '../../deploy/traffic/render';

export const NGINX_SETTINGS: NginxSettings = {
  homeDir: '/home',
  nginxDir: '/home/nginx',
  accessLog: '/home/logs/access.log',
  errorLog: '/home/logs/nginx-error.log',
  slots: [
    { name: 'blue', port: 8080 },
    { name: 'green', port: 8081 },
    { name: 'yellow', port: 8082 },
  ],
  httpPort: 8000,
  deployerPort: 9000,
  maxBody: '7m',
  assets: [],
  workerUser: null,
  workers: 2,
  connections: 1024,
  files: 2048,
  perAddress: 100,
  trustedProxies: [],
  ipv6: true,
  unusedModules: ['fastcgi'],
};
