/** The demo's ports. */
import { choosePorts } from '../../../scripts/demo/ports';

it('gives two demos that begin at once different ports, though nothing listens yet', async () => {
  const [one, other] = await Promise.all([choosePorts(), choosePorts()]);
  const ports = [...Object.values(one), ...Object.values(other)];
  expect(new Set(ports).size).toBe(8);
});
