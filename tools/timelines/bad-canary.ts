import type { Picture } from './picture';

/** A recorded run: 200 users with cookies, and a release that answers 28 % of the requests with 500. */
export const badCanary: Picture = {
  name: 'bad-canary',
  title: { en: 'A bad canary: 28 % of its responses are errors', ko: '나쁜 카나리: 응답의 28 %가 에러' },
  description: {
    en: 'A bad canary: most users notice nothing, a few get an error, and after 2.1 s all are back on v1',
    ko: '나쁜 카나리: 대부분은 아무것도 모르고, 몇 명이 에러를 받으며, 2.1초 뒤 모두 v1로 돌아간다',
  },
  left: 140,
  columns: [
    { width: 190, step: { en: 'before', ko: '이전' }, note: { en: 'v1 for all', ko: '모두 v1' } },
    { width: 340, step: '5 %', note: { en: 'for 2.1 s', ko: '2.1초 동안' } },
    { width: 260, step: '0 %', note: { en: 'v1 for all', ko: '모두 v1' } },
  ],
  lanes: [
    {
      name: { en: '188 users', ko: '188명' },
      bars: [
        {
          from: 0,
          to: 3,
          live: 'blue',
          words: {
            en: 'see no error; 2 of them get v2 for a moment',
            ko: '에러를 보지 않음. 2명은 잠깐 v2를 받음',
          },
        },
      ],
    },
    {
      name: { en: '12 users', ko: '12명' },
      bars: [
        { from: 0, to: 1, live: 'blue', words: 'v1' },
        { from: 1, to: 1.3, live: 'green', words: 'v2' },
        { from: 1.3, to: 1.5, down: true, words: '500' },
        { from: 1.5, to: 2, live: 'green', words: { en: 'v2, after a retry', ko: 'v2, 다시 시도한 뒤' } },
        { from: 2, to: 3, live: 'blue', words: { en: 'v1 again', ko: '다시 v1' } },
      ],
    },
    {
      name: { en: 'operator', ko: '운영자' },
      bars: [
        { from: 0, to: 1, empty: true, words: '✓ verify' },
        { from: 1, to: 2, empty: true, words: '✓ shift  green 5, blue 95' },
        { from: 2, to: 3, empty: true, words: '✗ NOT LIVE. Still serving v1' },
      ],
    },
  ],
  rollback: {
    from: 2,
    to: 0.8,
    words: {
      en: '22 of 72 responses failed, more than maxErrorRatio: one rename returns all users to v1',
      ko: '응답 72개 중 22개 실패, maxErrorRatio 초과: rename 한 번으로 모두 v1로 되돌림',
    },
  },
};
