import { schemaNewerThan } from '../../../deploy/core/rollback-target';
import type { Deployment, Migration } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [A, B] = ['a', 'b'].map(commit) as [string, string];
const migrated = (moved: boolean | null): Migration => ({
  sound: [],
  before: { requests: 0, errors: 0 },
  liveFails: null,
  copy: null,
  moved,
});
const first = deployment({ id: 1, commit: A, migration: migrated(true) });

it.each<[string, Deployment[], number | null]>([
  ['a migration of a newer release', [first, deployment({ id: 2, commit: B, migration: migrated(true) })], 2],
  [
    'one that failed, or that nobody knows the end of',
    [first, deployment({ id: 3, commit: B, state: 'failed', migration: migrated(null) })],
    3,
  ],
  ['none that moved nothing', [first, deployment({ id: 2, commit: B, migration: migrated(false) })], null],
  ['none of its own', [first, deployment({ id: 2, commit: A, migration: migrated(true) })], null],
  ['none where no newer release has one', [first, deployment({ id: 2, commit: B })], null],
])('a release meets the schema of %s', (_, history, id) => {
  expect(schemaNewerThan(history, A)?.id ?? null).toBe(id);
});
