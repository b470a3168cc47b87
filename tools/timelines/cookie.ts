import type { SlotColour } from '../svg/page';
import type { Bar, Picture } from './picture';

/** One request in each quarter of a column. */
function requests(column: number, slots: SlotColour[]): Bar[] {
  return slots.map((live, index) => ({
    from: column + index / slots.length,
    to: column + (index + 1) / slots.length,
    live,
    words: live === 'blue' ? 'v1' : 'v2',
  }));
}

function step(share: string, en: string, ko: string): Picture['columns'][number] {
  return { width: 185, step: share, note: { en, ko } };
}

export const cookie: Picture = {
  name: 'cookie',
  title: { en: 'Canary: which version a client gets', ko: '카나리: 클라이언트가 받는 버전' },
  description: {
    en: 'Canary: a browser keeps its bucket in a cookie and moves to v2 once; curl gets a new bucket with every request',
    ko: '카나리: 브라우저는 쿠키로 버킷을 유지하며 v2로 한 번만 옮겨 가고, curl은 요청마다 버킷이 바뀐다',
  },
  left: 190,
  columns: [
    step('5 %', 'v2: buckets 00 to 04', 'v2: 버킷 00~04'),
    step('25 %', 'v2: buckets 00 to 24', 'v2: 버킷 00~24'),
    step('50 %', 'v2: buckets 00 to 49', 'v2: 버킷 00~49'),
    step('100 %', 'v2: all buckets', 'v2: 모든 버킷'),
  ],
  lanes: [
    {
      name: { en: 'browser, bucket 03', ko: '브라우저, 버킷 03' },
      bars: [
        { from: 0, to: 4, live: 'green', words: { en: 'v2 from the first step', ko: '첫 단계부터 v2' } },
      ],
    },
    {
      name: { en: 'browser, bucket 31', ko: '브라우저, 버킷 31' },
      bars: [
        { from: 0, to: 2, live: 'blue', words: 'v1' },
        {
          from: 2,
          to: 4,
          live: 'green',
          words: { en: 'v2 from here on', ko: '이후 계속 v2' },
        },
      ],
    },
    {
      name: { en: 'browser, bucket 87', ko: '브라우저, 버킷 87' },
      bars: [
        { from: 0, to: 3, live: 'blue', words: 'v1' },
        { from: 3, to: 4, live: 'green', words: 'v2' },
      ],
    },
    {
      name: { en: 'curl, no cookie', ko: 'curl, 쿠키 없음' },
      bars: [
        ...requests(0, ['blue', 'blue', 'blue', 'blue']),
        ...requests(1, ['blue', 'green', 'blue', 'blue']),
        ...requests(2, ['green', 'blue', 'blue', 'green']),
        ...requests(3, ['green', 'green', 'green', 'green']),
      ],
    },
  ],
};
