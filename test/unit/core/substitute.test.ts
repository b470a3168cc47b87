import {
  slotsOutOfRotation,
  substitutesFor,
  tableShutOut,
  tableWithTraffic,
  tableWithoutTraffic,
} from '../../../deploy/core/substitute';
import { splitOver } from '../../../deploy/core/traffic-split';
import type { Table } from '../../../deploy/core/traffic-table';

const PAIR: Table = { active: 'green', standby: 'blue' };
const ALONE: Table = { active: 'green', standby: null };
const POOL = splitOver(['blue', 'green', 'amber'], () => false);

describe('a slot that serves alone', () => {
  it('moves its users to the standby and gets them back', () => {
    expect(substitutesFor(PAIR, 'green')).toEqual(['blue']);
    const away = tableWithoutTraffic(PAIR, 'green', ['blue']);
    expect(away).toEqual({ active: 'blue', standby: null });
    expect(slotsOutOfRotation(away, ['green'])).toEqual(['green']);
    expect(tableWithTraffic(away, 'green', ['green'])).toEqual(PAIR);
  });

  it('has no substitute without a standby', () => {
    expect(substitutesFor(ALONE, 'green')).toEqual([]);
  });

  it('is shut out behind its standby, or else behind the maintenance page', () => {
    expect(tableShutOut(PAIR, 'green', ['blue'])).toEqual({ active: 'blue', standby: null });
    expect(tableShutOut(PAIR, 'green', [])).toEqual({ active: 'green', standby: null, maintenance: true });
  });

  it('is not set aside while it serves, behind the maintenance page or before the first release', () => {
    expect(slotsOutOfRotation(PAIR, ['green'])).toEqual([]);
    expect(slotsOutOfRotation({ active: 'blue', standby: null, maintenance: true }, ['green'])).toEqual([]);
    expect(slotsOutOfRotation({ active: null, standby: null }, ['green'])).toEqual([]);
  });
});

describe('a slot that serves in a pool', () => {
  it('is shut out of the table even if no other slot answers', () => {
    expect(tableShutOut(POOL, 'green', [])).toEqual(tableWithoutTraffic(POOL, 'green', []));
  });

  it('moves its users to the other slots and gets its share back', () => {
    expect(substitutesFor(POOL, 'green')).toEqual(['blue', 'amber']);
    const away = tableWithoutTraffic(POOL, 'green', ['blue']);
    expect(slotsOutOfRotation(away, ['blue', 'green', 'amber'])).toEqual(['green']);
    expect(tableWithTraffic(away, 'green', ['blue', 'green', 'amber'])).toEqual(POOL);
  });
});
