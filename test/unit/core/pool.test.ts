import { slotIsActive, deployTo, SLOT_NAMES } from '../../../deploy/core/pool';
import { scripts } from '../../../package.json';

test('the deploy command in a hint exists for every slot', () => {
  for (const slot of SLOT_NAMES) {
    expect(slotIsActive(slot).hint).not.toContain(`:${slot}`);
    for (const line of [slotIsActive(slot).hint, deployTo(slot, 'abc')])
      expect(scripts).toHaveProperty([/\.\/switchyard (\S+)/.exec(line)?.[1] as string]);
  }
  expect(deployTo('blue', 'abc')).toBe('./switchyard deploy:blue abc');
  expect(deployTo('amber', 'abc')).toBe('./switchyard deploy abc');
});
