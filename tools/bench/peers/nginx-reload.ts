/** The same nginx and settings without the table: rewrites the upstream and reloads. */
import { plainFront } from '../fronts';
import type { Peer } from './peer';
import { nginxVersion } from './switchyard';

export const nginxReload: Peer = { name: 'nginx -s reload', detect: nginxVersion, start: plainFront };
