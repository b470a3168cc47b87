import type { Picture } from './picture';

export const rename: Picture = {
  name: 'rename',
  title: { en: 'A shift is one rename', ko: '트래픽 전환은 rename 한 번' },
  description: {
    en: 'A shift: the link names green instead of blue, requests in flight finish on blue, and no connection closes',
    ko: '트래픽 전환: 링크가 blue 대신 green을 가리키고, 처리 중인 요청은 blue에서 끝나며, 연결은 끊기지 않는다',
  },
  left: 150,
  columns: [
    {
      width: 390,
      step: { en: 'before', ko: '전환 전' },
      note: { en: 'every request follows the link to blue', ko: '모든 요청이 링크를 따라 blue로' },
    },
    {
      width: 390,
      step: { en: 'after', ko: '전환 후' },
      note: { en: 'every request follows the link to green', ko: '모든 요청이 링크를 따라 green으로' },
    },
  ],
  moment: { at: 1, words: 'rename(2)' },
  lanes: [
    {
      name: { en: 'the link', ko: '링크' },
      bars: [
        { from: 0, to: 1, live: 'blue', words: 'traffic → active-blue' },
        { from: 1, to: 2, live: 'green', words: 'traffic → active-green' },
      ],
    },
    {
      name: { en: 'request 1', ko: '요청 1' },
      bars: [{ from: 0.15, to: 0.6, live: 'blue', words: { en: 'blue answers', ko: 'blue가 응답' } }],
    },
    {
      name: { en: 'request 2', ko: '요청 2' },
      bars: [
        {
          from: 0.75,
          to: 1.4,
          live: 'blue',
          words: { en: 'arrived before: blue answers', ko: '전환 전에 도착: blue가 응답' },
        },
      ],
    },
    {
      name: { en: 'request 3', ko: '요청 3' },
      bars: [
        {
          from: 1.02,
          to: 1.6,
          live: 'green',
          words: { en: 'arrived after: green answers', ko: '전환 후 도착: green이 응답' },
        },
      ],
    },
    {
      name: { en: 'connections', ko: '연결' },
      bars: [
        { from: 0, to: 1, empty: true, words: { en: 'stay open', ko: '그대로 유지' } },
        {
          from: 1,
          to: 2,
          empty: true,
          words: { en: 'stay open: nginx is not reloaded', ko: '그대로 유지: nginx를 reload하지 않음' },
        },
      ],
    },
  ],
};
