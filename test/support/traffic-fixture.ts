/** A home with a real nginx and tiny apps behind it; the test removes all of it at its end. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig, type Config } from '../../deploy/config/load';
import type { Traffic } from '../../deploy/core/interfaces';
import { homeAt, type Home } from '../../deploy/home/home';
import { nginxServer, type NginxServer } from '../../deploy/traffic/nginx-server';
import { createTraffic } from '../../deploy/traffic/nginx-traffic';
import { startLoad, type Load, type LoadOptions } from './load';
import { freePorts } from './ports';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body, parsed; null when it is not JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test checks the shape it expects
  json: any;
}

export interface TrafficFixture {
  home: Home;
  config: Config;
  ports: { http: number; blue: number; green: number; amber: number; deployer: number };
  nginx: NginxServer;
  traffic: Traffic;
  /** Starts test/support/traffic-upstream.js on the port of that name and returns when it listens. */
  startApp(name: 'blue' | 'green' | 'amber' | 'deployer', release?: string): Promise<TinyApp>;
  /** Sends one request through nginx on a new connection. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Starts a load through nginx on the tiny app's paths. */
  load(options?: Partial<LoadOptions>): Load;
  cleanUp(): Promise<void>;
}

export interface TinyApp {
  pid: number;
  /** Returns when the next slow request reaches the app. */
  slowRequest(): Promise<void>;
  /** Sends the signal and resolves once the process has exited. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/**
 * Creates a home with free ports and a written configuration; nothing runs yet.
 * @param third adds the slot amber
 */
export async function trafficFixture(
  http: Partial<Config['http']> = {},
  { third = false } = {},
): Promise<TrafficFixture> {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-traffic-'));
  chmodSync(dir, 0o755);
  const [port, blue, green, deployer, amber] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const ports = { http: port, blue, green, amber, deployer };
  const loaded = loadConfig(dir, {
    HTTP_PORT: String(port),
    BLUE_PORT: String(blue),
    GREEN_PORT: String(green),
    DEPLOYER_PORT: String(deployer),
  });
  const slots = { ...loaded.slots, ...(third && { amber }) };
  const config = { ...loaded, slots, http: { ...loaded.http, ...http } };
  const home = homeAt(dir);
  const nginx = nginxServer(home, config);
  await nginx.configure().catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  const apps: TinyApp[] = [];
  const loads: Load[] = [];

  return {
    home,
    config,
    ports,
    nginx,
    traffic: createTraffic({ home, httpPort: port }),
    async startApp(name, release) {
      const app = await startTinyApp(name, ports[name], release);
      apps.push(app);
      return app;
    },
    ask: (url, options) => ask(port, url, options),
    load(options) {
      const load = startLoad({ port, ...options });
      loads.push(load);
      return load;
    },
    async cleanUp() {
      await Promise.allSettled(loads.map((load) => load.stop()));
      await nginx.stop({ graceMs: 200 });
      await Promise.all(apps.map((app) => app.end('SIGKILL')));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function startTinyApp(name: string, port: number, release = name): Promise<TinyApp> {
  const child = fork(path.join(__dirname, 'traffic-upstream.js'), {
    env: { PORT: String(port), SLOT: name, RELEASE: release },
    execArgv: [],
  });
  await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    slowRequest: async () => void (await once(child, 'message')),
    end: (signal = 'SIGTERM') => end(child, signal),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

function ask(
  port: number,
  url: string,
  { method = 'GET', headers = {}, body }: AskOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length: Record<string, string> = body ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const asking = request(
      { host: '127.0.0.1', port, path: url, method, agent: false, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            json: parse(text),
          });
        });
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
