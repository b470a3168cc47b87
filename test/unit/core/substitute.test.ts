import { setAside, substitutesFor, tableWith, tableWithout } from '../../../deploy/core/substitute';
import { splitOver } from '../../../deploy/core/traffic-split';
import type { Table } from '../../../deploy/core/traffic-table';

const PAIR: Table = { active: 'green', standby: 'blue' };
const ALONE: Table = { active: 'green', standby: null };
const POOL = splitOver(['blue', 'green', 'amber'], () => false);

describe('a slot that serves alone', () => {
  it('moves its users to the standby and gets them back', () => {
    expect(substitutesFor(PAIR, 'green')).toEqual(['blue']);
    const away = tableWithout(PAIR, 'green', ['blue']);
    expect(away).toEqual({ active: 'blue', standby: null });
    expect(setAside(away, ['green'])).toEqual(['green']);
    expect(tableWith(away, 'green', ['green'])).toEqual(PAIR);
  });

  it('has no substitute without a standby', () => {
    expect(substitutesFor(ALONE, 'green')).toEqual([]);
  });

  it('is not set aside while it serves, behind the maintenance page or before the first release', () => {
    expect(setAside(PAIR, ['green'])).toEqual([]);
    expect(setAside({ active: 'blue', standby: null, maintenance: true }, ['green'])).toEqual([]);
    expect(setAside({ active: null, standby: null }, ['green'])).toEqual([]);
  });
});

describe('a slot that serves in a pool', () => {
  it('moves its users to the other slots and gets its share back', () => {
    expect(substitutesFor(POOL, 'green')).toEqual(['blue', 'amber']);
    const away = tableWithout(POOL, 'green', ['blue']);
    expect(setAside(away, ['blue', 'green', 'amber'])).toEqual(['green']);
    expect(tableWith(away, 'green', ['blue', 'green', 'amber'])).toEqual(POOL);
  });
});
