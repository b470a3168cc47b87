/** Which log begins a new file, and what becomes of its older ones: `x.log.1`, `x.log.2.gz`, … Pure. */

/** An older file of a log: 1 is the newest. */
export interface Older {
  number: number;
  packed: boolean;
}

export type Tidying = { do: 'remove' | 'pack'; older: Older };

export function nameOf(log: string, { number, packed }: Older): string {
  return `${log}.${number}${packed ? '.gz' : ''}`;
}

/** The older files of a log among the names of its folder. */
export function olderFiles(log: string, names: string[]): Older[] {
  return names.flatMap((name) => {
    if (!name.startsWith(`${log}.`)) return [];
    const found = /^(\d+)(\.gz)?$/.exec(name.slice(log.length + 1));
    return found ? [{ number: Number(found[1]), packed: found[2] !== undefined }] : [];
  });
}

/** The renames that make room for a new newest one, in their order. */
export function decideRenames(older: Older[]): { from: Older; to: Older }[] {
  return [...older]
    .sort((a, b) => b.number - a.number)
    .map((from) => ({ from, to: { ...from, number: from.number + 1 } }));
}

/**
 * The newest stays as it is: what was written last is looked for most, and its writers may just be leaving it. Removals
 * come first: on a full disk nothing can be packed before.
 * @param keep how many older files are kept
 * @param isOpen true while a process still has it open
 */
export function decideTidying(older: Older[], keep: number, isOpen: (older: Older) => boolean): Tidying[] {
  const closed = older.filter((each) => !isOpen(each));
  const excess = closed.filter(({ number }) => number > keep);
  const plain = closed.filter(({ number, packed }) => number <= keep && number > 1 && !packed);
  return [
    ...excess.map((each): Tidying => ({ do: 'remove', older: each })),
    ...plain.map((each): Tidying => ({ do: 'pack', older: each })),
  ];
}
