/** docker-compose.blue.yml and docker-compose.green.yml used by hand, with the real Dockerfile. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { docker } from '../support/compose';
import { ownName } from '../support/docker';
import { docker as engine, needs, sampleApp } from '../support/needs';
import { freePorts } from '../support/ports';

// the first build runs npm install twice
jest.setTimeout(600_000);

const REPOSITORY = path.resolve(__dirname, '..', '..');
const ANY_UID = /^\d+$/m;

needs('docker', engine).describe('the Compose files used by hand', () => {
  const name = ownName();
  let env: NodeJS.ProcessEnv;
  let ports: { blue: number; green: number };

  beforeAll(async () => {
    const [blue = 0, green = 0] = await freePorts(2);
    ports = { blue, green };
    const { PATH, HOME, NODE_EXTRA_CA_CERTS } = process.env;
    env = { PATH, HOME, NODE_EXTRA_CA_CERTS, APP_NAME: name, BLUE_PORT: `${blue}`, GREEN_PORT: `${green}` };
  });
  afterAll(() => {
    for (const slot of ['blue', 'green']) compose(slot, 'down', '--volumes', '--timeout', '0');
    docker('rmi', '--force', `${name}:latest`);
    docker('image', 'prune', '--force', '--filter', `label=com.docker.compose.project=${name}`);
  });

  /** Runs Compose and returns its output, stderr included. */
  const compose = (slot: string, ...args: string[]): string => {
    const line = ['compose', '--progress', 'plain', '-f', `docker-compose.${slot}.yml`, ...args];
    return execFileSync('sh', ['-c', 'exec docker "$@" 2>&1', 'sh', ...line], {
      cwd: REPOSITORY,
      env,
      encoding: 'utf8',
    });
  };
  const version = async (port: number): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${port}/version`, { headers: { connection: 'close' } })).json();
  const inside = (slot: string, line: string): string => docker('exec', `${name}-${slot}`, 'sh', '-c', line);

  needs('the sample app', sampleApp).test('start one slot and then the other without a warning', async () => {
    const first = compose('green', 'up', '-d', '--build', '--wait');
    expect(await version(ports.green)).toMatchObject({ slot: 'green' });
    const second = compose('blue', 'up', '-d', '--build', '--wait');
    expect(await version(ports.blue)).toMatchObject({ slot: 'blue' });

    const warnings = [first, second].flatMap((text) =>
      text.split('\n').filter((line) => /\bwarn/i.test(line)),
    );
    expect(warnings.filter((line) => !/npm warn/.test(line))).toEqual([]);
    // from the cache, since nothing has changed
    expect(second).toMatch(/packages-to-run .*npm ci --omit=dev[^\n]*\n#\d+ CACHED/);
    expect(docker('ps', '--format', '{{.Names}} {{.Status}}')).toMatch(
      new RegExp(`${name}-blue .*\\(healthy\\)`),
    );

    expect(inside('green', 'id -un')).toBe('node');
    expect(inside('green', 'id -u')).toMatch(ANY_UID);
    expect(inside('green', 'touch /app/x 2>&1; touch /tmp/y && echo written')).toMatch(
      /Read-only.*\nwritten$/,
    );
    expect(inside('green', 'ls node_modules | grep -cE "^(jest|typescript|eslint)$"; true')).toBe('0');
    expect(inside('green', 'command -v gcc make python3; ls /npm-cache 2>/dev/null; true')).toBe('');
    expect(docker('history', '--no-trunc', `${name}:latest`)).not.toContain('_authToken');

    // both slots use the same data
    await fetch(`http://127.0.0.1:${ports.blue}/api/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ text: 'from blue' }),
    });
    const read = await fetch(`http://127.0.0.1:${ports.green}/api/v1/messages`, {
      headers: { connection: 'close' },
    });
    expect(await read.text()).toContain('from blue');
  });
});
