import { choosePorts } from '../../../../tools/demo/ports';

it('two demos that start at the same time get different ports before either listens', async () => {
  const [one, other] = await Promise.all([choosePorts(), choosePorts()]);
  const ports = [...Object.values(one), ...Object.values(other)];
  expect(new Set(ports).size).toBe(8);
});
