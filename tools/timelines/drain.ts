import type { Picture } from './picture';

export const drain: Picture = {
  name: 'drain',
  title: { en: 'Drain: requests may finish', ko: '드레인(drain): 요청은 끝까지' },
  description: {
    en: 'Drain: new requests go to green, blue finishes what it has, and stops when nothing is left or the limit is reached',
    ko: '드레인: 새 요청은 green으로 가고, blue는 처리 중인 요청을 마친 뒤 남은 것이 없거나 한도가 지나면 멈춘다',
  },
  left: 150,
  columns: [
    {
      width: 260,
      step: { en: 'blue serves', ko: 'blue 서비스 중' },
      note: { en: 'all requests', ko: '모든 요청' },
    },
    {
      width: 320,
      step: { en: 'drain', ko: '드레인' },
      note: { en: 'until nothing is left, at most 30 s', ko: '남은 연결이 없을 때까지, 최대 30초' },
    },
    { width: 200, step: { en: 'stop', ko: '종료' }, note: 'SIGTERM' },
  ],
  moment: { at: 1, words: { en: 'shift', ko: '트래픽 전환' } },
  lanes: [
    {
      name: { en: 'new requests', ko: '새 요청' },
      bars: [
        { from: 0, to: 1, live: 'blue', words: { en: 'to blue', ko: 'blue로' } },
        { from: 1, to: 3, live: 'green', words: { en: 'to green', ko: 'green으로' } },
      ],
    },
    {
      name: { en: 'slow report', ko: '느린 보고서' },
      bars: [
        { from: 0.5, to: 1.5, live: 'blue', words: { en: 'blue answers in full', ko: 'blue가 끝까지 응답' } },
      ],
    },
    {
      name: { en: 'open stream', ko: '열린 스트림' },
      bars: [
        { from: 0.2, to: 2, live: 'blue', words: { en: 'is closed at the limit', ko: '한도가 지나면 끊김' } },
      ],
    },
    {
      name: 'blue',
      bars: [
        { from: 0, to: 1, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        { from: 1, to: 2, idle: 'blue', words: { en: 'gets no new requests', ko: '새 요청을 받지 않음' } },
        { from: 2, to: 3, empty: true, words: { en: 'stopped', ko: '종료됨' } },
      ],
    },
  ],
};
