import { waitUntil } from '../../../deploy/os/wait-until';

const HOUR_MS = 3_600_000;

afterEach(() => jest.restoreAllMocks());

it('waitUntil returns the first truthy value', async () => {
  let polls = 0;
  expect(await waitUntil(() => (++polls > 2 ? polls : null), { everyMs: 1 })).toBe(3);
});

it('waitUntil returns the last falsy value when the time is over, and polls at least once', async () => {
  expect(await waitUntil(() => null, { everyMs: 1, withinMs: 20 })).toBeNull();
  expect(await waitUntil(() => 'at once', { everyMs: 1, withinMs: 0 })).toBe('at once');
});

it('waitUntil waits for a slow condition, and passes on its error', async () => {
  let polls = 0;
  expect(await waitUntil(() => Promise.resolve(++polls === 2), { everyMs: 1 })).toBe(true);
  const broken = (): Promise<boolean> => Promise.reject(new Error('broken'));
  await expect(waitUntil(broken, { everyMs: 1 })).rejects.toThrow('broken');
});

it('waitUntil can be aborted while it pauses', async () => {
  const end = new AbortController();
  const wait = waitUntil(() => false, { everyMs: HOUR_MS, signal: end.signal });
  end.abort();
  await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
});

it.each([-HOUR_MS, HOUR_MS])(
  'waitUntil keeps its time limit when the clock is set by %i ms',
  async (step) => {
    const real = Date.now();
    let polls = 0;
    const condition = (): boolean => {
      jest.spyOn(Date, 'now').mockReturnValue(real + step);
      return ++polls >= 3;
    };
    expect(await waitUntil(condition, { everyMs: 1, withinMs: 5000 })).toBe(true);
    expect(await waitUntil(() => false, { everyMs: 1, withinMs: 20 })).toBe(false);
  },
);

it('waitUntil pauses as long as the caller derives from the last poll', async () => {
  const took: number[] = [];
  let polls = 0;
  const everyMs = (ms: number): number => {
    took.push(ms);
    return 0;
  };
  await waitUntil(() => ++polls === 3, { everyMs });
  expect(took).toHaveLength(2);
});
