/** The alternatives that Switchyard is compared with. */
import { caddy } from './caddy';
import { haproxy } from './haproxy';
import { kamalProxy } from './kamal-proxy';
import { nginxReload } from './nginx-reload';
import type { Peer } from './peer';
import { pm2Reload } from './pm2-reload';
import { switchyard } from './switchyard';

export const PEERS: Peer[] = [switchyard, nginxReload, pm2Reload, haproxy, caddy, kamalProxy];
