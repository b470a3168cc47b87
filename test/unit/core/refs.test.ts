import { goodLines, readableRefs, refsToBring } from '../../../deploy/core/refs';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

it('takes from a file only lines that are commit ids', () => {
  expect(goodLines(`${A}\n\n${A.slice(1)}\nref: refs/heads/x\n${B}`)).toEqual([A, B]);
});

it('tries what a file says of a branch before what was packed earlier', () => {
  const loose = [
    { ref: 'refs/heads/main', text: `${A}\n` },
    { ref: 'refs/heads/empty', text: '' },
    { ref: 'refs/heads/main.lock', text: `${C}\n` },
  ];
  const packed = `# pack-refs with: peeled fully-peeled sorted\n${B} refs/heads/main\n${C} refs/heads/empty\n${C} refs/tags/v1\n^${A}\n`;
  expect([...readableRefs(loose, packed, 'refs/heads')]).toEqual([
    ['refs/heads/main', [A, B]],
    ['refs/heads/empty', [C]],
  ]);
});

describe('what is brought into a new repository', () => {
  const mirror = new Map([
    ['refs/heads/main', [B]],
    ['refs/heads/deleted', [C]],
  ]);

  it('is what the old one says, then what the mirror says, without branches that were deleted', () => {
    expect([...refsToBring(new Map([['refs/heads/main', [A]]]), mirror)]).toEqual([
      ['refs/heads/main', [A, B]],
    ]);
  });

  it('is what the mirror says where the old one has no branch left', () => {
    expect(refsToBring(new Map(), mirror)).toEqual(mirror);
  });
});
