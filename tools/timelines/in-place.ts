import { USERS, type Picture } from './picture';

export const inPlace: Picture = {
  name: 'in-place',
  title: { en: 'In-place over time', ko: '시간 흐름으로 보는 인플레이스' },
  description: {
    en: 'In-place over time: v1 stops and v2 starts in the same slot, while users get a maintenance page',
    ko: '시간 흐름으로 보는 인플레이스: v1이 멈추고 같은 슬롯에서 v2가 시작되며, 그동안 사용자는 점검 페이지를 본다',
  },
  key: { en: 'striped: v2', ko: '줄무늬: v2' },
  columns: [
    {
      width: 260,
      step: { en: 'prepare', ko: '준비' },
      note: { en: 'install, test, build', ko: '설치, 테스트, 빌드' },
      aws: ['DownloadBundle, Install'],
    },
    {
      width: 120,
      step: { en: 'stop', ko: '중지' },
      note: { en: 'drained first', ko: '남은 요청부터 처리' },
      aws: ['BlockTraffic,', 'ApplicationStop'],
    },
    {
      width: 180,
      step: { en: 'start, verify', ko: '시작, 검증' },
      note: { en: 'in the same place', ko: '같은 자리에서' },
      aws: ['ApplicationStart,', 'ValidateService'],
    },
    {
      width: 260,
      step: { en: 'live, bake 10 s', ko: 'LIVE, 관찰(bake) 10초' },
      note: { en: 'watched', ko: '문제가 없는지 지켜봄' },
      aws: ['AllowTraffic'],
    },
  ],
  lanes: [
    {
      name: 'blue',
      bars: [
        { from: 0, to: 1, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        { from: 1, to: 2, empty: true, words: { en: 'v1 stops', ko: 'v1 중지' } },
        { from: 2, to: 3, idle: 'blue', words: { en: 'v2 starts, is verified', ko: 'v2 시작, 검증' } },
        { from: 3, to: 4, updated: 'blue', words: { en: 'v2 serves', ko: 'v2 서비스 중' } },
      ],
    },
    {
      name: USERS,
      bars: [
        { from: 0, to: 1, live: 'blue', words: '100 % v1' },
        { from: 1, to: 3, down: true, words: { en: '503: the maintenance page', ko: '503: 점검 페이지' } },
        { from: 3, to: 4, updated: 'blue', words: '100 % v2' },
      ],
    },
  ],
  rollback: {
    from: 4,
    to: 0.8,
    words: {
      en: 'rollback: v1 is started again in its place, behind the same page',
      ko: '롤백: 같은 점검 페이지를 띄우고 그 자리에서 v1을 다시 시작',
    },
  },
};
