/** Caddy's admin API: replaces the upstream in the running configuration. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { sendHttp } from '../../../deploy/os/http';
import { freePorts } from '../../../test/support/ports';
import { findProgram, output, startServer, stop, tempFolder, waitForAnswer } from '../processes';
import type { Peer } from './peer';

const INSTALL = 'sudo apt-get install -y --no-install-recommends caddy';
const UPSTREAMS = '/config/apps/http/servers/app/routes/0/handle/0/upstreams';
const TIMEOUT_MS = 5000;

export const caddy: Peer = {
  name: "Caddy's admin API",
  async detect() {
    const file = findProgram('caddy');
    if (file === null) return { missing: 'caddy is not installed', install: INSTALL };
    return { version: `Caddy ${(await output(file, ['version'])).trim().split(' ')[0]}` };
  },
  async start(upstreams) {
    const [port = 0, admin = 0] = await freePorts(2);
    const dir = tempFolder();
    const file = path.join(dir, 'caddy.json');
    writeFileSync(file, JSON.stringify(configuration(port, admin, upstreams.blue)));
    const env = { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir };
    const child = startServer(findProgram('caddy') ?? 'caddy', ['run', '--config', file], { env });
    await waitForAnswer(port);
    return {
      port,
      switchTo: (slot) => patch(admin, dial(upstreams[slot])),
      stop: () => stop(child),
    };
  },
};

function dial(port: number): object[] {
  return [{ dial: `127.0.0.1:${port}` }];
}

function configuration(port: number, admin: number, upstream: number): object {
  const handle = [{ handler: 'reverse_proxy', upstreams: dial(upstream) }];
  const server = { listen: [`127.0.0.1:${port}`], routes: [{ handle }], automatic_https: { disable: true } };
  return { admin: { listen: `127.0.0.1:${admin}` }, apps: { http: { servers: { app: server } } } };
}

async function patch(admin: number, value: object): Promise<void> {
  const { status, body } = await sendHttp({
    to: { port: admin },
    method: 'PATCH',
    path: UPSTREAMS,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
    timeoutMs: TIMEOUT_MS,
  });
  if (status !== 200) throw new Error(`caddy: ${status} ${body.toString()}`);
}
