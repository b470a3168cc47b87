import { nameOf, TASKS, tasksFor } from '../../soak/tasks';

const named = (...words: string[]): string[] | undefined => tasksFor(words)?.map(nameOf);

test('a soak kills deployments and cuts the power for every strategy', () => {
  expect(tasksFor([])).toEqual(TASKS);
  for (const strategy of ['blue-green', 'canary', 'in-place', 'rolling'])
    expect(named(strategy)).toEqual(expect.arrayContaining([`${strategy}/4/kills`, `${strategy}/4/cuts`]));
});

test('a part is named by its strategy, slots and kind, or by the first words of these', () => {
  expect(named('rolling')).toEqual([
    'rolling/4/kills',
    'rolling/4/cuts',
    'rolling/2/kills',
    'rolling/2/cuts',
  ]);
  expect(named('rolling/2', 'canary/4/cuts')).toEqual(['rolling/2/kills', 'rolling/2/cuts', 'canary/4/cuts']);
  expect(named('cuts')).toHaveLength(TASKS.length / 2);
  expect(named('roll')).toBeUndefined();
});
