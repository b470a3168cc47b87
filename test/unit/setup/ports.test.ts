import { createServer, type Server } from 'node:net';
import { loadConfig, type Config } from '../../../deploy/config/load';
import { homeAt } from '../../../deploy/home/home';
import { checkPorts } from '../../../deploy/setup/ports';
import { freePorts } from '../../support/ports';
import { afterwards, tempHome } from '../../support/temp-home';

test('free ports pass the check', async () => {
  await expect(check(await freeConfig())).resolves.toBeUndefined();
});

test('a taken slot port moves both slots, since another Switchyard may own it with an idle slot', async () => {
  const config = await freeConfig();
  await listen(config.slots.blue);
  const hint = await hintOf(config);

  const { BLUE_PORT: blue, GREEN_PORT: green, ...rest } = hint;
  expect([config.slots.blue, config.slots.green]).not.toContain(blue);
  expect([config.slots.blue, config.slots.green]).not.toContain(green);
  expect(green).not.toBe(blue);
  expect(rest).toEqual({});
});

test('a larger pool moves as a whole, and the hint names its size', async () => {
  const config = await freeConfig();
  const [amber] = (await freePorts(1)) as [number];
  await listen(amber);
  const pool = { ...config, slots: { ...config.slots, amber } };
  const hint = await hintOf(pool);
  expect(hint).toEqual({
    SLOTS: 3,
    BLUE_PORT: expect.any(Number),
    GREEN_PORT: (hint.BLUE_PORT as number) + 1,
  });
  const settings = Object.fromEntries(Object.entries(hint).map(([name, value]) => [name, String(value)]));
  const moved = loadConfig(tempHome(), { ...settings, HTTP_PORT: String(config.http.port) });
  await expect(check({ ...moved, deployer: config.deployer })).resolves.toBeUndefined();
});

test('every taken port is replaced in one command that works', async () => {
  const config = await freeConfig();
  for (const port of [config.http.port, config.slots.green, config.deployer.port]) await listen(port);
  const hint = await hintOf(config);
  expect(Object.keys(hint)).toEqual(['HTTP_PORT', 'BLUE_PORT', 'GREEN_PORT', 'DEPLOYER_PORT']);
  await expect(
    check({
      ...config,
      http: { ...config.http, port: hint.HTTP_PORT as number },
      slots: { blue: hint.BLUE_PORT as number, green: hint.GREEN_PORT as number },
      deployer: { maxBody: '1m', port: hint.DEPLOYER_PORT as number },
    }),
  ).resolves.toBeUndefined();
});

test('a port in use on IPv6 only counts as taken', async () => {
  const config = await freeConfig();
  if (!(await listen(config.http.port, '::1'))) return;
  expect(Object.keys(await hintOf(config))).toEqual(['HTTP_PORT']);
});

async function freeConfig(): Promise<Config> {
  const [http, blue, green, deployer] = (await freePorts(4)) as [number, number, number, number];
  const base = loadConfig(tempHome(), {});
  return {
    ...base,
    http: { ...base.http, port: http },
    slots: { blue, green },
    deployer: { maxBody: '1m', port: deployer },
  };
}

const check = (config: Config): Promise<void> => checkPorts(homeAt(tempHome()), config, {});

/** The variables in the command that the hint offers. */
async function hintOf(config: Config): Promise<Record<string, number>> {
  const error = await check(config).then(
    () => null,
    (refused: unknown) => refused,
  );
  expect(error).toMatchObject({ code: 'E_PORT_IN_USE' });
  const { hint } = error as { hint: string };
  expect(hint).toMatch(/^Choose others: .* npm start$/);
  const pairs = [...hint.matchAll(/(\w+)=(\d+)/g)];
  return Object.fromEntries(pairs.map(([, name = '', port]): [string, number] => [name, Number(port)]));
}

/** False on a machine without that address. */
async function listen(port: number, host?: string): Promise<boolean> {
  const server: Server = createServer();
  afterwards(() => new Promise((resolve) => server.close(resolve)));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT' ? resolve(false) : reject(error),
    );
    server.listen({ port, host, ipv6Only: host !== undefined }, () => resolve(true));
  });
}
