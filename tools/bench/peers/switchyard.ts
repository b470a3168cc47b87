/** One rename of the traffic table. */
import { findNginx } from '../../../deploy/traffic/nginx-binary';
import { tableFront } from '../fronts';
import type { Peer } from './peer';

export const switchyard: Peer = {
  name: 'Switchyard',
  detect: nginxVersion,
  start: tableFront,
};

export async function nginxVersion(): Promise<{ version: string }> {
  const { version } = await findNginx(process.env.PATH ?? '');
  return { version: `nginx ${version}` };
}
