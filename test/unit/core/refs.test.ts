import { commitLines, readableRefs, refsToRestore } from '../../../deploy/core/refs';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

it('only the lines of a file that are commit ids count', () => {
  expect(commitLines(`${A}\n\n${A.slice(1)}\nref: refs/heads/x\n${B}`)).toEqual([A, B]);
});

it("a branch's own file takes precedence over an earlier packed ref", () => {
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

describe('the refs copied into a new repository', () => {
  const mirror = new Map([
    ['refs/heads/main', [B]],
    ['refs/heads/deleted', [C]],
  ]);

  it('come from the old repository, then from the mirror, without deleted branches', () => {
    expect([...refsToRestore(new Map([['refs/heads/main', [A]]]), mirror, false)]).toEqual([
      ['refs/heads/main', [A, B]],
    ]);
  });

  it('come from the mirror when the old repository has no branch left', () => {
    expect(refsToRestore(new Map(), mirror, false)).toEqual(mirror);
  });

  it('come from both when the old repository lost its packed refs, and wrote one since', () => {
    expect([...refsToRestore(new Map([['refs/heads/main', [A]]]), mirror, true)]).toEqual([
      ['refs/heads/main', [A, B]],
      ['refs/heads/deleted', [C]],
    ]);
  });
});
