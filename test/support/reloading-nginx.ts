/**
 * The usual way to switch traffic: rewrite nginx's upstream, then reload. This is the control of the load tests: a load
 * that loses no request here measures nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNginx } from '../../deploy/traffic/nginx-binary';

export interface ReloadingNginx {
  /** Sends new requests to this port on 127.0.0.1; returns when new connections arrive there. */
  switchTo(upstream: number): Promise<void>;
  stop(): Promise<void>;
}

const POLL_EVERY_MS = 10;
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Proxies `port` to `upstream`. Keep-alive settings match nginx/site.conf.template. */
export async function reloadingNginx(port: number, upstream: number): Promise<ReloadingNginx> {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-test-'));
  chmodSync(dir, 0o755);
  const { file } = await findNginx(process.env.PATH ?? '');
  const args = ['-p', dir, '-c', path.join(dir, 'nginx.conf')];
  let generation = 0;
  const configure = (to: number): void => {
    generation += 1;
    writeFileSync(path.join(dir, 'nginx.conf'), configuration({ dir, port, upstream: to, generation }));
  };
  configure(upstream);
  const master = spawn(file, [...args, '-g', 'daemon off;'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => master.once('exit', () => resolve()));
  await serves(port, generation);

  return {
    async switchTo(to) {
      configure(to);
      execFileSync(file, [...args, '-s', 'reload'], { stdio: 'ignore' });
      await serves(port, generation);
    },
    async stop() {
      master.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function serves(port: number, generation: number): Promise<void> {
  const loadedGeneration = (): Promise<string | null> =>
    fetch(`http://127.0.0.1:${port}/generation`, { headers: { connection: 'close' } }).then(
      (answer) => answer.text(),
      () => null,
    );
  while ((await loadedGeneration()) !== String(generation)) await sleep(POLL_EVERY_MS);
}

interface Conf {
  dir: string;
  port: number;
  upstream: number;
  generation: number;
}

function configuration({ dir, port, upstream, generation }: Conf): string {
  return `
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    worker_processes auto;
    events { worker_connections 8192; }
    http {
      ${TEMPORARY.map((name) => `${name}_temp_path ${dir}/temp-${name};`).join(' ')}
      access_log off;
      upstream app {
        server 127.0.0.1:${upstream} max_fails=0;
        keepalive 64;
        keepalive_requests 10000;
        keepalive_timeout 4s;
      }
      server {
        listen ${port};
        keepalive_requests 10000;
        location / {
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_pass http://app;
        }
        location = /generation { return 200 "${generation}"; }
      }
    }
  `;
}
