import { measure } from '../../../../tools/tour/measure';

it('counts a standby slot that started to listen after the last sample before live', () => {
  const samples = [
    { at: 100, running: ['blue'], memory: 90 },
    { at: 200, running: ['blue'], memory: 95 },
    { at: 300, running: ['blue', 'green'], memory: 180 },
    // the rollback's own slots do not count
    { at: 900, running: ['blue', 'green', 'amber'], memory: 270 },
  ];
  const cost = measure([], samples, { started: 100, live: 250, rollback: 800, end: 1000 });
  expect(cost).toMatchObject({ maxRunning: 2, maxMemory: 180 });
});
