import { recordsOf } from '../../../scripts/lib/results';
import { needs } from '../../support/needs';

it('a test that the machine cannot run is skipped, and the summary finds its name and its reason', () => {
  const skip = jest.spyOn(describe, 'skip').mockImplementation(() => undefined);
  const body = jest.fn();
  needs('a Docker engine', () => 'docker is not installed')('the compose runtime', body);
  const title = skip.mock.calls[0]?.[0] as string;
  skip.mockRestore();

  const testResults = [{ fullName: `${title} starts a slot`, status: 'pending' }];
  const file = { displayName: { name: 'unit' }, perfStats: { start: 1, end: 2 }, testResults };
  expect(recordsOf([file])).toMatchObject([
    {
      name: 'the compose runtime starts a slot',
      status: 'skipped',
      reason: 'needs a Docker engine: docker is not installed',
    },
  ]);
});

it('a test that the machine can run is an ordinary one', () => {
  expect(needs('a Docker engine', () => null)).toBe(describe);
});
