/** The app's own variables reach a container through Compose's environment, not through a file. */
import { homeAt } from '../../../../deploy/home/home';
import { loadConfig } from '../../../../deploy/config/load';
import type { Release } from '../../../../deploy/core/release';
import { composeVariables, slotOverride } from '../../../../deploy/runtimes/compose/definitions';
import { tempHome } from '../../../support/temp-home';

const variables = { APP_NAME: 'canary', KEY: 'cost: $5', NODE_ENV: 'staging' };

it('the Compose file contains no value, and Compose finds each under a name that Docker does not read', () => {
  expect(composeVariables(variables)).toEqual({
    SWITCHYARD_LENT_0: 'canary',
    SWITCHYARD_LENT_1: 'cost: $5',
    SWITCHYARD_LENT_2: 'staging',
  });
  expect(environment()).toMatchObject({
    APP_NAME: '${SWITCHYARD_LENT_0}',
    KEY: '${SWITCHYARD_LENT_1}',
    NODE_ENV: '${SWITCHYARD_LENT_2}',
    SWITCHYARD_ENVIRONMENT: '4',
    PORT: '8081',
  });
  expect(JSON.stringify(override())).not.toMatch(/canary|cost|staging/);
});

it('text that only looks like a variable is still escaped', () => {
  expect(environment({ app: { health: '/${HOME}' } })).toMatchObject({ HEALTH: '/$${HOME}' });
});

function environment(known: object = {}): object {
  return (override(known) as { services: { green: { environment: object } } }).services.green.environment;
}

function override(known: { app?: object } = {}): object {
  const config = loadConfig(tempHome(), {});
  return slotOverride({
    home: homeAt('/home'),
    config,
    slot: { name: 'green', port: 8081 },
    release: { commit: 'a1', dir: '/releases/a1', app: { ...config.app, ...known.app } } as Release,
    instance: 'i1',
    environment: 4,
    user: { uid: 1, gid: 1 },
    cores: 2,
    variables,
  });
}
