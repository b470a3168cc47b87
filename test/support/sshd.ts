/** An SSH server of a test: a free port, a key of its own, and only the current user. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { freePorts } from './ports';
import { until } from './until';

const SSHD = '/usr/sbin/sshd';
/** sshd needs this folder as root; the distribution's service creates it. */
const SEPARATION = '/run/sshd';

export interface SshServer {
  /** As in `ssh://`. */
  address: string;
  /** ssh with the restricted key, for git. */
  command: string;
  /** ssh with a key that may run anything. */
  shell: string;
  stop: () => Promise<void>;
}

/** For `needs`. */
export function sshd(): string | null {
  if (!existsSync(SSHD)) return 'openssh-server is not installed';
  return existsSync('/usr/bin/ssh') ? null : 'openssh-client is not installed';
}

/** @param searchPath the PATH of its sessions @param restriction before a key in authorized_keys */
export async function sshServer(folder: string, searchPath: string, restriction: string): Promise<SshServer> {
  mkdirSync(folder, { mode: 0o700 });
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['host', 'restricted', 'open'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const keys = ['restricted', 'open'].map((name) => readFileSync(at(`${name}.pub`), 'utf8'));
  writeFileSync(at('authorized'), `${restriction} ${keys.join('')}`);
  const [port] = (await freePorts(1)) as [number];
  const config = {
    ListenAddress: '127.0.0.1',
    Port: port,
    HostKey: at('host'),
    AuthorizedKeysFile: at('authorized'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'prohibit-password',
    PasswordAuthentication: 'no',
    SetEnv: `PATH=${searchPath}`,
  };
  const file = at('sshd_config');
  writeFileSync(
    file,
    Object.entries(config)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  const made = process.geteuid?.() === 0 && !existsSync(SEPARATION);
  if (made) mkdirSync(SEPARATION, { mode: 0o755 });
  const server = spawn(SSHD, ['-D', '-e', '-f', file], { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('close', resolve));
  await until('sshd to listen', () => accepts(port));
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ];
  const ssh = (key: string): string =>
    ['ssh', '-F', 'none', '-q', '-i', at(key), ...options.flatMap((option) => ['-o', option])].join(' ');
  return {
    address: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    command: ssh('restricted'),
    shell: ssh('open'),
    stop: async () => {
      server.kill();
      await ended;
      if (made) rmSync(SEPARATION, { recursive: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
