import { cellsOf, cutCells, padCells } from '../../../deploy/core/cells';

test.each([
  ['', 0],
  ['blue, green', 11],
  ['✓ → …', 5],
  ['활성', 4],
  ['v1.0.0 배포', 11],
  ['、。「」（）', 12],
  ['デプロイ', 8],
])('"%s" takes %i cells', (text, cells) => expect(cellsOf(text)).toBe(cells));

test('padding ends in the same column, whatever the script', () => {
  expect(padCells('유휴', 8)).toBe('유휴    ');
  expect(padCells('idle', 8)).toBe('idle    ');
  expect(padCells('너무 긴 말', 4)).toBe('너무 긴 말');
});

test('a cut leaves out a character that would reach over the edge', () => {
  expect(cutCells('배포 대기', 5)).toBe('배포 ');
  expect(cutCells('배포 대기', 6)).toBe('배포 ');
  expect(cutCells('배포 대기', 7)).toBe('배포 대');
});
