/** Logs are rotated while they are written to as fast as they can be, and every line is counted. */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Home } from '../../deploy/home';
import { Journal } from '../../deploy/journal/journal';
import { rotate } from '../../deploy/rotate';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { logPosition, readRequests } from '../../deploy/traffic/access-log';
import { masterOf } from '../../deploy/traffic/nginx-processes';
import type { Yard } from '../../deploy/yard';
import { openYard } from '../../deploy/yard';
import { pm2Yard, release } from '../support/pm2';
import { afterwards, tempHome } from '../support/temp-home';
import { trafficYard } from '../support/traffic-yard';
import { until } from '../support/until';

describe('nginx', () => {
  it('goes on in new files without a reload: no request fails, no line is lost, and readers read on', async () => {
    const traffic = await trafficYard();
    afterwards(() => traffic.cleanUp());
    const { home } = traffic;
    const yard = await yardOf(home, { logSize: '64k', logs: 50 });
    await traffic.startApp('blue');
    await traffic.traffic.shift({ active: 'blue', standby: null });
    await traffic.nginx.start();
    const master = masterOf(home);
    const begun = logPosition(home);
    const linesBefore = allLines(home, 'access.log').length;
    let position = begun;
    let readOn = 0;
    const read = (): void => {
      const { requests, position: next } = readRequests(home, position);
      position = next;
      readOn += requests.length;
    };

    const load = traffic.load();
    for (let turn = 0; turn < 8; turn++) {
      await until('the log has grown', () => statSync(home.accessLog).size > 64 * 1024);
      const turning = rotate(yard);
      read();
      await turning;
      read();
    }
    const { requests, failures } = await load.stop();

    expect(failures).toBe(0);
    expect(masterOf(home)).toBe(master);
    await until('the last line', () => allLines(home, 'access.log').length - linesBefore >= requests);
    expect(allLines(home, 'access.log').length - linesBefore).toBe(requests);
    read();
    expect(readOn).toBe(requests);
    expect(olderThan(home, 'access.log').sort()).toEqual(
      ['1', ...Array.from({ length: 7 }, (_, index) => `${index + 2}.gz`)].sort(),
    );
    for (const name of readdirSync(home.logs).filter((each) => each.startsWith('access.log'))) {
      expect(statSync(path.join(home.logs, name)).mode & 0o077).toBe(0);
    }
  });

  it('keeps the files that a deployment counts in, until it is over', async () => {
    const traffic = await trafficYard();
    afterwards(() => traffic.cleanUp());
    const { home } = traffic;
    const yard = await yardOf(home, { logSize: '1k', logs: 1 });
    const { id } = await yard.journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green' });
    await yard.journal.move(id, 'running');
    const begun = logPosition(home);
    const line = `${JSON.stringify({ kind: 'app', uri: '/'.padEnd(2000, 'x') })}\n`;
    for (let turn = 0; turn < 3; turn++) {
      writeFileSync(home.accessLog, line, { flag: 'a' });
      await rotate(yard);
    }
    expect(readRequests(home, begun).requests).toHaveLength(3);
    await yard.journal.move(id, 'succeeded');
    await rotate(yard);
    expect(olderThan(home, 'access.log')).toEqual(['1']);
  });
});

describe('PM2', () => {
  it('has its own log rotated too, while it keeps it open', async () => {
    const pm2 = await pm2Yard();
    afterwards(() => pm2.clear());
    const { home, blue } = pm2;
    mkdirSync(home.dir, { recursive: true });
    const yard = await yardOf(home, { logSize: '1k', logs: 2 });
    const runtime = createPm2Runtime({ home, stopSeconds: 1 });
    const log = path.join(home.pm2, 'pm2.log');
    const older = (): string[] => readdirSync(home.pm2).filter((name) => name.startsWith('pm2.log.'));
    await runtime.start(blue, release(pm2), 'instance');
    for (let turn = 0; turn < 4; turn++) {
      const filler = `${'x'.repeat(2000)} ${turn}`;
      writeFileSync(log, `${filler}\n`, { flag: 'a' });
      await rotate(yard);
      expect(readFileSync(`${log}.1`, 'utf8')).toContain(filler);
      expect(statSync(log).size).toBeLessThan(1024);
    }
    // what it says from now on stands at the beginning of the new file
    await runtime.stop('blue');
    expect(await until('its word', () => readFileSync(log, 'utf8'))).toMatch(/^\d{4}-\d\d-\d\dT.*PM2/);
    expect(older().sort()).toEqual(['pm2.log.1', 'pm2.log.2.gz']);
  });

  it('goes on in new files, and no line of standard output or standard error is lost', async () => {
    const pm2 = await pm2Yard();
    afterwards(() => pm2.clear());
    const { home, blue } = pm2;
    mkdirSync(home.dir, { recursive: true });
    const yard = await yardOf(home, { logSize: '64k', logs: 100 });
    const runtime = createPm2Runtime({ home, stopSeconds: 1 });
    const chatty = release(pm2);
    const enough = path.join(pm2.dir, 'enough');
    writeFileSync(path.join(chatty.dir, 'server.js'), chattyApp(enough));
    await runtime.start(blue, chatty, 'instance');

    const log = path.join(home.logs, 'app-blue.log');
    for (let turn = 0; turn < 10; turn++) {
      await until('the log has grown', () => statSync(log).size > 64 * 1024);
      await rotate(yard);
    }
    writeFileSync(enough, '');
    const said = await until('the app has said everything', () => {
      const lines = allLines(home, 'app-blue.log');
      return lines.includes('out end') && lines.includes('err end') && lines;
    });

    for (const stream of ['out', 'err']) {
      const numbers = said.flatMap((line) => (line.startsWith(`${stream} `) ? [line.slice(4)] : []));
      expect(numbers.length).toBeGreaterThan(10_000);
      expect(numbers).toEqual([...numbers.slice(1).map((_, index) => String(index)), 'end']);
    }
    // who asks for more lines than the new file has yet gets those before, too
    const last = await runtime.logs('blue', 4000);
    expect(last).toEqual(said.slice(-4000));
  });
});

/** Says something on both streams, a hundred times in a row, until there is a file. */
function chattyApp(enough: string): string {
  return `
    let said = 0;
    const say = (what) => {
      console.log('out ' + what);
      console.error('err ' + what);
    };
    const more = () => {
      for (let count = 0; count < 100; count++) say(said++);
      if (require('node:fs').existsSync(${JSON.stringify(enough)})) say('end');
      else setTimeout(more, 2);
    };
    more();
    setInterval(() => {}, 1e6);
  `;
}

async function yardOf(home: Home, keep: { logSize: string; logs: number }): Promise<Yard> {
  const root = tempHome();
  writeFileSync(path.join(root, 'deploy.config.js'), `module.exports = ${JSON.stringify({ keep })};`);
  const journal = Journal.open(home);
  await journal.prepare();
  journal.close();
  mkdirSync(home.logs, { recursive: true });
  const yard = openYard(home, root);
  afterwards(() => yard.journal.close());
  return yard;
}

/** Of a log and its older files, the oldest first. */
function allLines(home: Home, log: string): string[] {
  const files = olderThan(home, log).sort((a, b) => parseInt(b, 10) - parseInt(a, 10));
  const texts = files.map((suffix) => {
    const content = readFileSync(path.join(home.logs, `${log}.${suffix}`));
    return (suffix.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8');
  });
  texts.push(readFileSync(path.join(home.logs, log), 'utf8'));
  return texts.join('').split('\n').slice(0, -1);
}

function olderThan(home: Home, log: string): string[] {
  return readdirSync(home.logs).flatMap((name) =>
    name.startsWith(`${log}.`) ? [name.slice(log.length + 1)] : [],
  );
}
