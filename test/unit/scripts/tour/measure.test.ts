import { measure } from '../../../../scripts/tour/measure';

it('counts a slot that is kept warm for the way back, though it began to listen after the last look before live', () => {
  const looks = [
    { at: 100, running: ['blue'], memory: 90 },
    { at: 200, running: ['blue'], memory: 95 },
    { at: 300, running: ['blue', 'green'], memory: 180 },
    // what the way back starts is no part of it
    { at: 900, running: ['blue', 'green', 'amber'], memory: 270 },
  ];
  const measured = measure([], looks, { begun: 100, live: 250, wayBack: 800, end: 1000 });
  expect(measured).toMatchObject({ runningMost: 2, memoryMost: 180 });
});
