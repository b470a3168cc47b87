import { bucketOf, cohortOf } from '../../../deploy/core/cohort';
import { slotsOfBuckets } from '../../../deploy/core/traffic-table';
import type { Table } from '../../../deploy/core/traffic-table';

const TABLE: Table = { active: 'blue', standby: null, shares: [{ slot: 'green', buckets: 1 }] };

it('every serving slot has a cohort, however small its share', () => {
  for (const slot of ['blue', 'green']) {
    const cohort = cohortOf(TABLE, slot) as string;
    expect(cohort).toMatch(/^[0-9a-f]{32}$/);
    expect(slotsOfBuckets(TABLE)[bucketOf(cohort)]).toBe(slot);
  }
});

it('a slot without traffic has no cohort', () => {
  expect(cohortOf(TABLE, 'amber')).toBeNull();
});
