import { recordsOf } from '../../../scripts/lib/results';
import { needs } from '../../support/needs';

const docker = (): string => 'docker is not installed';

it('a test that the machine cannot run is skipped, and the summary has its name and the reason', () => {
  const skip = jest.spyOn(test, 'skip').mockImplementation(() => undefined);
  needs('a Docker engine', docker).test('compose starts a slot', jest.fn());
  expect(skip).toHaveBeenCalledTimes(1);
  const title = skip.mock.calls[0]?.[0] as string;
  skip.mockRestore();
  expectReason(title, 'compose starts a slot');
});

it('a group that the machine cannot run is skipped in the same way', () => {
  const skip = jest.spyOn(describe, 'skip').mockImplementation(() => undefined);
  needs('a Docker engine', docker).describe('compose', jest.fn());
  const title = skip.mock.calls[0]?.[0] as string;
  skip.mockRestore();
  expectReason(`${title} starts a slot`, 'compose starts a slot');
});

it('a test that the machine can run stays an ordinary one', () => {
  expect(needs('a Docker engine', () => null)).toEqual({ describe, test });
});

/** Expects the summary of `npm test` to split this title into name and reason. */
function expectReason(fullName: string, name: string): void {
  const perfStats = { start: 1, end: 2 };
  const file = { displayName: { name: 'unit' }, perfStats, testResults: [{ fullName, status: 'pending' }] };
  const reason = 'needs a Docker engine: docker is not installed';
  expect(recordsOf([file])).toMatchObject([{ name, status: 'skipped', reason }]);
}
