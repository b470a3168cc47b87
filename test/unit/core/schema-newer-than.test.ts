import { schemaNewerThan } from '../../../deploy/core/rollback-target';
import type { Deployment, Migration } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [A, B] = ['a', 'b'].map(commit) as [string, string];
const migrated = (schemaChanged: boolean | null): Migration => ({
  sound: [],
  before: { requests: 0, errors: 0 },
  liveFails: null,
  copy: null,
  schemaChanged,
});
const first = deployment({ id: 1, commit: A, migration: migrated(true) });

it.each<[string, Deployment[], number | null]>([
  [
    'a newer release with a migration',
    [first, deployment({ id: 2, commit: B, migration: migrated(true) })],
    2,
  ],
  [
    'a newer release whose migration has an unknown result',
    [first, deployment({ id: 3, commit: B, state: 'failed', migration: migrated(null) })],
    3,
  ],
  [
    'null for a migration that changed nothing',
    [first, deployment({ id: 2, commit: B, migration: migrated(false) })],
    null,
  ],
  [
    "null for the release's own migration",
    [first, deployment({ id: 2, commit: A, migration: migrated(true) })],
    null,
  ],
  ['null when no newer release has a migration', [first, deployment({ id: 2, commit: B })], null],
])('schemaNewerThan returns %s', (_, history, id) => {
  expect(schemaNewerThan(history, A)?.id ?? null).toBe(id);
});
