/** The doctor's findings for the facts it collects: one test for each check. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProbeAnswer } from '../../../deploy/core/interfaces';
import type { Deployment } from '../../../deploy/core/deployment';
import type { RunningSlot } from '../../../deploy/core/slot';
import { judgeJournal, judgeSkew } from '../../../deploy/doctor/clock';
import { judgeConnections } from '../../../deploy/doctor/connections';
import { judgeData } from '../../../deploy/doctor/data';
import { judgeDeployer } from '../../../deploy/doctor/deployer';
import { judgeDisk, judgeTemp } from '../../../deploy/doctor/disk';
import { judgeEngine } from '../../../deploy/doctor/engine';
import type { Judgement } from '../../../deploy/doctor/finding';
import { shellWord } from '../../../deploy/doctor/finding';
import { judgeClosed, judgeFileSystem } from '../../../deploy/doctor/home';
import { judgeBuilds } from '../../../deploy/doctor/kit';
import { judgeHalfMade, judgeOrphans, judgeMarkedProcesses } from '../../../deploy/doctor/leftovers';
import { judgeLoaded } from '../../../deploy/doctor/loaded';
import {
  availableBytes,
  judgeMemory,
  leftIn,
  moreToCome,
  residentBytes,
} from '../../../deploy/doctor/memory';
import type { Logs } from '../../../deploy/doctor/logs';
import { judgeLogs } from '../../../deploy/doctor/logs';
import { missingModules } from '../../../deploy/doctor/nginx';
import { judgeVersion } from '../../../deploy/doctor/node';
import { judgeMode } from '../../../deploy/doctor/permissions';
import { judgePort } from '../../../deploy/doctor/ports';
import { judgePm2 } from '../../../deploy/doctor/process-manager';
import { judgeRemote } from '../../../deploy/doctor/push';
import type { Starter } from '../../../deploy/doctor/reboot';
import { judgeReboot, starterOf } from '../../../deploy/doctor/reboot';
import { judgeSecret } from '../../../deploy/doctor/secret';
import { megabytes } from '../../../deploy/doctor/size';
import { judgeActive } from '../../../deploy/doctor/slots';
import { judgeTip } from '../../../deploy/doctor/source';
import { containerFixes, judgeStandby, pm2Fixes } from '../../../deploy/doctor/standby';
import { judgeTable } from '../../../deploy/doctor/table';
import { judgeUsers } from '../../../deploy/doctor/users';
import { judgeAnswers } from '../../../deploy/doctor/webhook';
import { tempHome } from '../../support/temp-home';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const MB = 1024 ** 2;
const serving = { slot: 'blue', commit: A, version: '1.2.0' };
const running: RunningSlot = {
  slot: 'blue',
  commit: A,
  instance: 'i',
  pid: 7,
  restarts: 0,
  status: 'online',
  exitCode: null,
};
const answer: ProbeAnswer = { status: 200, commit: A, instance: 'i', ms: 3, message: '200' };
const refused: ProbeAnswer = { ...answer, status: null, instance: null, message: 'connection refused' };

/** `fault: npm start`, `ok`. */
const outcome = (judged: Judgement[]): string[] =>
  judged.map(({ status, fix }) => (fix === null ? status : `${status}: ${fix}`));

test('node: reports a fault for an old version, and a warning for a version newer than the tested ones', () => {
  expect(judgeVersion('v20.0.0')).toEqual([]);
  expect(judgeVersion('v26.9.9')).toEqual([]);
  expect(judgeVersion('v18.20.1')[0]?.status).toBe('fault');
  expect(judgeVersion('v27.0.0')[0]?.status).toBe('warning');
});

test('home: a network disk is a fault, even with a signed type from statfs; a memory disk is a warning', () => {
  expect(outcome(judgeFileSystem(0xef53, '/h'))).toEqual(['ok']);
  expect(judgeFileSystem(0x6969, '/h')[0]).toMatchObject({
    status: 'fault',
    message: expect.stringContaining('NFS'),
  });
  expect(judgeFileSystem(0xff534d42 | 0, '/h')[0]?.message).toContain('CIFS');
  expect(judgeFileSystem(0x01021994, '/h')[0]?.status).toBe('warning');
  expect(outcome([judgeClosed('/h', 7, 7)])).toEqual(['fault: chmod u+rwx /h']);
  expect(outcome([judgeClosed('/h', 0, 7)])).toEqual(["fault: sudo -u '#0' ./switchyard doctor"]);
});

test('permissions: a stricter mode is fine, a wider one is a fault', () => {
  expect(judgeMode('/h/secret', 0o400, 0o600)).toEqual([]);
  expect(outcome(judgeMode('/h/my secret', 0o640, 0o600))).toEqual(["fault: chmod 600 '/h/my secret'"]);
});

test('logs: a folder that nginx may not enter, or a writer to a renamed or removed file, is a fault', () => {
  const user = { name: 'www-data', group: 'www-data', uid: 33, gid: 34 };
  const fine: Logs = { folder: '/h/logs', user, isClosed: false, master: 7, nginx: [], pm2: [] };
  expect(outcome(judgeLogs(fine))).toEqual([]);
  const closed = { ...fine, isClosed: true };
  const open = 'chgrp 34 /h/logs && chmod 710 /h/logs';
  expect(outcome(judgeLogs(closed))).toEqual([`fault: ${open}`]);
  expect(outcome(judgeLogs({ ...closed, nginx: ['access.log.1'] }))).toEqual([
    `fault: ${open} && kill -USR1 7`,
  ]);
  expect(outcome(judgeLogs({ ...fine, nginx: ['access.log (deleted)'] }))).toEqual(['fault: kill -USR1 7']);
  expect(outcome(judgeLogs({ ...fine, pm2: ['app-blue.log.2'] }))).toEqual([
    'fault: npm run -s pm2 -- reloadLogs',
  ]);
});

test('process manager, deployer and kit: reports a fault if the running version is not the one of this clone', () => {
  expect(outcome(judgePm2('7.0.4', '7.0.4'))).toEqual(['ok']);
  expect(outcome(judgePm2('6.0.0', '7.0.4'))).toEqual(['fault: npm stop && npm start']);
  expect(outcome(judgeDeployer({ ...running, orphan: false }))).toEqual(['ok']);
  expect(outcome(judgeDeployer({ ...running, orphan: true }))).toEqual(['fault: npm start']);
  expect(outcome(judgeBuilds({ runs: 'x', built: 'x', sources: 'x' }))).toEqual(['ok']);
  expect(outcome(judgeBuilds({ runs: 'w', built: 'x', sources: 'x' }))).toEqual(['fault: npm start']);
  expect(outcome(judgeBuilds({ runs: 'x', built: 'x', sources: 'y' }))).toEqual(['warning: npm start']);
  expect(outcome(judgeBuilds({ runs: '', built: '', sources: 'y' }))).toEqual(['ok']);
});

test('nginx: missing modules are named, and an outdated configuration is a fault', () => {
  expect(missingModules('--with-http_ssl_module --without-http_rewrite_module')).toEqual(['rewrite']);
  const same = { loaded: 'm', wanted: 'm', edited: [], folder: '/h/nginx' };
  expect(outcome(judgeLoaded(same))).toEqual(['ok']);
  // the mark of an older configuration, or an nginx from before there were marks
  for (const loaded of ['older', null]) {
    expect(outcome(judgeLoaded({ ...same, loaded }))).toEqual(['fault: npm start']);
  }
  expect(judgeLoaded({ ...same, edited: ['site.conf'] })[0]?.message).toContain(
    '/h/nginx/site.conf was changed',
  );
});

test('connections: reports a fault if nginx drops connections, and a warning if its limit of open files is low', () => {
  const enough = { port: 80, drops: false, open: 3, files: 65_536 };
  expect(judgeConnections(enough)[0]).toMatchObject({
    status: 'ok',
    message: '3 open client connections',
  });
  expect(judgeConnections({ ...enough, drops: true })[0]).toMatchObject({
    status: 'fault',
    fix: expect.stringContaining("'( sport = :80 )'"),
  });
  expect(judgeConnections({ ...enough, files: 1024 })[0]).toMatchObject({
    status: 'warning',
    message: expect.stringMatching(/1024 files instead of 65536, .* 1024 connections/),
  });
});

test('ports: reports a fault only if another process holds the port, and names its pid', () => {
  const holders = [{ pid: 7, command: 'node' }];
  const port = { port: 8081, whose: 'green', inUse: true, holders, isHidden: false, ours: [7] };
  expect(judgePort(port)).toEqual([]);
  expect(judgePort({ ...port, inUse: false, holders: [] })).toEqual([]);
  expect(judgePort({ ...port, ours: [] })[0]).toMatchObject({
    message: "Port 8081, which is green's, is held by node (pid 7).",
    fix: 'kill 7',
  });
  const hidden = { ...port, holders: [], isHidden: true, ours: [] };
  expect(judgePort(hidden)[0]?.message).toContain('a process of another user');
  expect(judgePort({ ...hidden, isHidden: false })).toEqual([]);
});

test('traffic table: a table that disagrees with the journal is a fault', () => {
  expect(judgeTable({ active: 'blue', standby: null }, serving)).toEqual([]);
  expect(judgeTable({ active: null, standby: null }, null)).toEqual([]);
  expect(outcome(judgeTable({ active: 'green', standby: null }, serving))).toEqual([
    'fault: ./switchyard deploy:blue aaaaaaa',
  ]);
  // there is no command deploy:amber
  expect(outcome(judgeTable({ active: 'green', standby: null }, { ...serving, slot: 'amber' }))).toEqual([
    'fault: ./switchyard deploy aaaaaaa',
  ]);
  expect(judgeTable({ active: null, standby: null }, serving)[0]?.message).toContain('names no slot');
  expect(judgeTable({ active: 'blue', standby: null }, null)[0]?.message).toContain(
    'nothing was ever made live',
  );
});

test('active slot: anything but a supervised process of the right commit is reported', () => {
  const judge = (...facts: [typeof serving, RunningSlot | null, ProbeAnswer | null]): Judgement[] =>
    judgeActive(...facts, './switchyard rollback');
  expect(outcome(judge(serving, running, answer))).toEqual(['ok']);
  expect(outcome(judge(serving, null, null))).toEqual(['fault: npm start']);
  expect(outcome(judge(serving, { ...running, commit: B }, answer))).toEqual([
    'fault: ./switchyard deploy aaaaaaa',
  ]);
  expect(judge(serving, running, refused)[0]?.message).toContain('connection refused');
  expect(judge(serving, running, { ...answer, instance: 'j' })[0]?.status).toBe('fault');
  expect(judge(serving, { ...running, orphan: true }, answer)[0]?.message).toContain(
    'blue would not be restarted',
  );
  expect(judge(serving, { ...running, restarts: 3 }, answer)[0]?.status).toBe('warning');
});

test('standby: the fix starts a dead standby again, after removing its remains in PM2 or the engine', () => {
  const start = 'npm run -s pm2 -- start ecosystem.config.js --only app-blue';
  const judge = (now: RunningSlot | null, probed: ProbeAnswer | null): string[] =>
    outcome(judgeStandby('blue', now, probed, pm2Fixes('blue')));
  expect(judge(running, answer)).toEqual(['ok']);
  expect(judge(null, null)).toEqual([`fault: ${start}`]);
  expect(judge(running, refused)).toEqual([`fault: npm run -s pm2 -- delete app-blue && ${start}`]);
  expect(containerFixes('shop', 'blue', A)).toEqual({
    gone: './switchyard deploy:blue aaaaaaa',
    known: 'docker restart shop-blue',
  });
});

test('engine: warns if containers stop with the engine, and the fix keeps the other settings in its file', () => {
  const file = path.join(tempHome(), 'daemon.json');
  expect(outcome(judgeEngine('20.10.24', true, file))).toEqual(['ok']);
  for (const before of [null, '{"data-root":"/it\'s here"}']) {
    if (before !== null) writeFileSync(file, before);
    const [judged] = judgeEngine('20.10.24', false, file);
    const [change = '', reload = ''] = (judged?.fix ?? '').replaceAll('sudo ', '').split(' && ');

    execFileSync('sh', ['-c', change]);

    expect(judged?.status).toBe('warning');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      ...(JSON.parse(before ?? '{}') as object),
      'live-restore': true,
    });
    expect(reload).toMatch(/^systemctl reload docker$|^kill -HUP /);
  }
  writeFileSync(file, '{');
  expect(judgeEngine('20.10.24', false, file)[0]?.fix).toMatch(/^Add "live-restore": true to \S+, then: /);
});

test('data: warns about a file of another user, and the fix contains no file name', () => {
  const user = { uid: 1000, gid: 1000 };
  expect(outcome(judgeData('/h/shared', user, null))).toEqual(['ok']);
  const [judged] = judgeData('/h/shared', user, '/h/shared/app.db');
  expect(judged).toMatchObject({
    status: 'warning',
    message: 'The app runs as user 1000, and app.db belongs to another one: it may be unable to write it.',
  });
  expect(judged?.fix?.replace('sudo ', '')).toBe(
    "find /h/shared -xdev '!' -type l '!' -uid 1000 -execdir chown -h 1000:1000 {} +",
  );
  expect(judgeData('/h/shared', user, '/h/shared')[0]?.message).toContain('and /h/shared belongs to');
});

test('users: anything but the live release behind nginx is a fault', () => {
  expect(outcome(judgeUsers(serving, 80, answer))).toEqual(['ok']);
  expect(judgeUsers(serving, 80, { ...answer, commit: B })[0]?.status).toBe('fault');
  expect(judgeUsers(serving, 80, refused)[0]?.message).toContain('connection refused');
});

test('leftovers: orphans outside the table, processes of old deployments and half-made releases are reported', () => {
  const table = { active: 'green', standby: null };
  expect(judgeOrphans([running], table)).toEqual([]);
  expect(judgeOrphans([{ ...running, slot: 'green', orphan: true }], table)).toEqual([]);
  expect(outcome(judgeOrphans([{ ...running, orphan: true }], table))).toEqual(['fault: kill 7']);
  const shared = { ...table, shares: [{ slot: 'blue', buckets: 50 }] };
  expect(judgeOrphans([{ ...running, orphan: true }], shared)).toEqual([]);
  expect(judgeMarkedProcesses([])).toEqual([]);
  expect(outcome(judgeMarkedProcesses([5, 6]))).toEqual(['fault: kill 5 6']);
  expect(judgeHalfMade(['x'])).toEqual([expect.objectContaining({ status: 'warning', fix: null })]);
});

test('secret and webhook: reports a fault if a valid signature is refused or an invalid one is accepted', () => {
  expect(outcome(judgeSecret(200))).toEqual(['ok']);
  expect(outcome(judgeSecret(null))).toEqual(['ok']);
  expect(judgeSecret(200, Date.UTC(2026, 10, 30))[0]?.message).toContain(
    'the earlier one is valid until 2026-',
  );
  expect(outcome(judgeSecret(401))).toEqual(['fault: npm run -s pm2 -- restart deployer']);
  expect(outcome(judgeAnswers(200, 401))).toEqual(['ok']);
  expect(judgeAnswers(502, 401)[0]?.status).toBe('fault');
  expect(judgeAnswers(200, 200)[0]?.message).toContain('not refused');
});

test('git push: reports a fault if the remote is missing, and warns about another URL without its password', () => {
  expect(judgeRemote('/h/push.git', '/h/push.git')).toEqual([]);
  expect(outcome(judgeRemote(null, '/h/push.git'))).toEqual(['fault: git remote add live /h/push.git']);
  const own = judgeRemote('https://me:pass@example.org/app', '/h/push.git')[0];
  expect(own?.status).toBe('warning');
  expect(own?.message).not.toContain('pass');
});

test('source: a tip that was never deployed is a warning with the command that deploys it', () => {
  const tip = { tip: A, branch: 'main', source: '/h/push.git', deployment: null };
  expect(outcome(judgeTip(tip))).toEqual([
    'warning: git fetch /h/push.git main && ./switchyard deploy FETCH_HEAD',
  ]);
  const deployment = { id: 4, state: 'rolled-back' } as Deployment;
  expect(judgeTip({ ...tip, deployment })[0]).toMatchObject({
    status: 'ok',
    message: expect.stringContaining('rolled-back'),
  });
});

test('disk: reports a fault if one more release and the reserve would not fit', () => {
  const disk = {
    inodeFix: 'du',
    free: 700 * MB,
    freeFiles: 1e6,
    release: 100 * MB,
    reserve: 500 * MB,
    dir: '/h',
  };
  expect(outcome(judgeDisk(disk))).toEqual(['ok']);
  expect(judgeDisk({ ...disk, free: 599 * MB })[0]?.status).toBe('fault');
  expect(outcome(judgeDisk({ ...disk, freeFiles: 999 }))).toEqual(['fault: du']);
  expect(judgeDisk({ ...disk, freeFiles: 1000 })[0]?.status).toBe('warning');
  expect(judgeDisk({ ...disk, free: 4096 })[0]?.message).toMatch(/^The disk of \/h is full: /);
  expect(judgeDisk({ ...disk, freeFiles: null })[0]?.status).toBe('ok');
});

test("disk: reports a fault if the disk of nginx's temporary files is full, and a warning if a large request would not fit", () => {
  const temp = { dir: '/t', free: 25 * MB, largest: 25 * MB };
  expect(judgeTemp(temp)).toEqual([]);
  expect(judgeTemp({ ...temp, free: 4096 })[0]).toMatchObject({
    status: 'fault',
    fix: expect.stringMatching(/^du /) as string,
  });
  expect(judgeTemp({ ...temp, free: 24 * MB })[0]).toMatchObject({
    status: 'warning',
    message: expect.stringMatching(
      /^The disk of \/t, .* one request may take 25 MB \(http\.maxBody\)\.$/,
    ) as string,
  });
});

test('memory: reports a fault if a deployment as large as the largest slot and the reserve would not fit', () => {
  const memory = { free: 160 * MB, slots: [90 * MB], more: 1, reserve: 64 * MB };
  expect(outcome(judgeMemory(memory))).toEqual(['ok']);
  expect(judgeMemory({ ...memory, free: 150 * MB })[0]?.status).toBe('fault');
  expect(judgeMemory({ ...memory, free: 70 * MB, more: 0 })[0]?.status).toBe('ok');
  expect(judgeMemory({ ...memory, more: 2 })[0]?.status).toBe('fault');
  expect([0, 3].map((empty) => moreToCome('blue-green', empty))).toEqual([0, 1]);
  expect([0, 3].map((empty) => moreToCome('rolling', empty))).toEqual([0, 3]);
  expect(moreToCome('in-place', 1)).toBe(0);
  expect(residentBytes('Name:\tnode\nVmRSS:\t  2048 kB\n')).toBe(2 * MB);
  expect(availableBytes('MemTotal: 9 kB\nMemAvailable:    1024 kB\n')).toBe(MB);
  expect(leftIn('max\n', '5\n', '')).toEqual([]);
  expect(leftIn('1000\n', '900\n', 'anon 1\ninactive_file 300\n')).toEqual([400]);
});

test("clock: warns about a time before the last journal entry or far from the source's, and the fix changes nothing", () => {
  expect(judgeJournal(null, 0)).toEqual([]);
  expect(judgeJournal(1500, 0)).toEqual([]);
  expect(judgeJournal(3_600_000, 0)[0]).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('it is 60 min 0 s behind the last entry of the journal. Compare it'),
    fix: 'date -u',
  });
  expect(judgeJournal(400 * 86_400_000, 0)[0]?.message).toContain('400 days behind');
  expect(judgeSkew(null)).toEqual([]);
  expect(judgeSkew(-30_000)).toEqual([]);
  expect(judgeSkew(-90_000)[0]?.message).toContain('before that of the source');
});

test('reboot: accepts only a line of cron or systemd for this very clone', () => {
  const starter = (cron: string, units: string[] = []): unknown => starterOf('/srv/app', cron, units);
  const line = 'cd /srv/app && SUDO_UID=7 PATH=/opt/node/bin:$PATH npm start';
  expect(starter(`# x\n@reboot ${line}\n`)).toEqual({ by: 'cron', line, entry: `@reboot ${line}` });
  // a line that does more than npm start is not run for a test
  expect(starter('@reboot cd /srv/app && ./boot.sh')).toMatchObject({ by: 'cron', line: null });
  expect(starter('', ['[Service]\nWorkingDirectory=/srv/app\nExecStart=/usr/bin/npm start\n'])).toEqual({
    by: 'systemd',
    line: null,
  });
  expect(starter('@reboot cd /srv/app2 && npm start\n#@reboot cd /srv/app && npm start')).toBeNull();
});

test('reboot: a tested line is recommended and replaces one that fails', () => {
  const tested = { line: 'cd /srv/100% && npm start', failure: null };
  const entry = "'@reboot cd /srv/100\\% && npm start'";
  const crontab = (others: string): string => `(${others} || true; printf '%s\\n' ${entry}) | crontab -`;
  const cron: Starter = { by: 'cron', line: 'cd /srv && npm start', entry: '@reboot cd /srv && npm start' };
  expect(outcome(judgeReboot(cron, null, null, true))).toEqual(['ok']);
  expect(outcome(judgeReboot(null, null, tested, true))).toEqual([
    `warning: ${crontab('crontab -l 2>/dev/null')}`,
  ]);
  expect(outcome(judgeReboot(cron, 'no git.', tested, true))).toEqual([
    `warning: ${crontab("crontab -l 2>/dev/null | grep -vxF -e '@reboot cd /srv && npm start'")}`,
  ]);
  expect(judgeReboot(null, null, tested, false)[0]?.fix).toContain('apt-get install -y cron && (crontab');
  const failure = { message: 'no git.', hint: 'Install git.' };
  expect(outcome(judgeReboot(null, null, { ...tested, failure }, true))).toEqual(['warning: Install git.']);
});

test('doctor formats sizes with a unit and quotes words for a shell', () => {
  expect(megabytes(1.5 * 1024 * MB)).toBe('1.5 GB');
  expect(shellWord('/a/b-c.sock')).toBe('/a/b-c.sock');
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
});
