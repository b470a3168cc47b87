import type { LogFile } from '../../../deploy/core/rotation';
import {
  decideCap,
  decideRenames,
  decideRotationTasks,
  rotatedName,
  rotatedFiles,
} from '../../../deploy/core/rotation';

const older = (...names: string[]): ReturnType<typeof rotatedFiles> => rotatedFiles('x.log', names);
const closed = (): boolean => false;

it('rotation finds the older files of a log and no others', () => {
  const names = ['x.log', 'x.log.1', 'x.log.12.gz', 'x.log.1.gz.new', 'x.log.old', 'y.log.1', 'xx.log.1'];
  expect(older(...names)).toEqual([
    { number: 1, packed: false },
    { number: 12, packed: true },
  ]);
});

it('rotation renames the oldest file first, so that none is overwritten', () => {
  const renames = decideRenames(older('x.log.1', 'x.log.3.gz', 'x.log.2.gz'));
  expect(renames.map(({ from, to }) => [rotatedName('x.log', from), rotatedName('x.log', to)])).toEqual([
    ['x.log.3.gz', 'x.log.4.gz'],
    ['x.log.2.gz', 'x.log.3.gz'],
    ['x.log.1', 'x.log.2'],
  ]);
});

it('rotation removes files beyond the limit, then compresses all but the newest', () => {
  const files = older('x.log.1', 'x.log.2', 'x.log.3.gz', 'x.log.4', 'x.log.5.gz');
  expect(
    decideRotationTasks(files, 3, closed).map(({ do: what, older: { number } }) => [what, number]),
  ).toEqual([
    ['remove', 4],
    ['remove', 5],
    ['pack', 2],
  ]);
  expect(decideRotationTasks(older('x.log.1'), 0, closed)).toMatchObject([{ do: 'remove' }]);
});

it('rotation leaves files that are still written to', () => {
  expect(decideRotationTasks(older('x.log.1', 'x.log.2', 'x.log.9'), 0, () => true)).toEqual([]);
});

describe('the limit for all logs together', () => {
  const file = (path: string, bytes: number, writtenAt: number, removable = true): LogFile => ({
    path,
    bytes,
    writtenAt,
    removable,
  });
  const logs = [
    file('access.log', 40, 9, false),
    file('access.log.1', 30, 8),
    file('deployment-1.log', 20, 2),
    file('app-blue.log.1', 10, 3),
  ];

  it('removes the oldest logs until the rest fits', () => {
    expect(decideCap(logs, 100)).toEqual([]);
    expect(decideCap(logs, 99)).toEqual(['deployment-1.log']);
    expect(decideCap(logs, 75)).toEqual(['deployment-1.log', 'app-blue.log.1']);
  });

  it('keeps what is still written to or read', () => {
    expect(decideCap(logs, 0)).toEqual(['deployment-1.log', 'app-blue.log.1', 'access.log.1']);
  });
});
