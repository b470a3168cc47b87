import { USERS, type Part, type Picture } from './picture';

/** @param canary its share in per cent */
const shares = (canary: number): Part[] => [
  { slot: 'green', share: canary },
  { slot: 'blue', share: 100 - canary },
];

export const canary: Picture = {
  name: 'canary',
  title: { en: 'Canary over time', ko: '시간 흐름으로 보는 카나리' },
  description: {
    en: 'Canary over time: green serves 5, 25, 50, then 100 % of the users, with a verdict after each step',
    ko: '시간 흐름으로 보는 카나리: green이 사용자의 5, 25, 50, 100%를 맡으며, 단계마다 판정한다',
  },
  columns: [
    {
      width: 150,
      step: { en: 'prepare', ko: '준비' },
      note: { en: 'install, test, build', ko: '설치, 테스트, 빌드' },
      aws: ['DownloadBundle,', 'Install'],
    },
    {
      width: 150,
      step: { en: 'start, verify', ko: '시작, 검증' },
      note: { en: 'no users yet', ko: '아직 트래픽 없음' },
      aws: ['ApplicationStart,', 'ValidateService'],
    },
    ...[5, 25, 50].map((share) => ({
      width: 115,
      step: `${share} %`,
      note: { en: '60 s, verdict', ko: '60초, 판정' },
      aws:
        share === 25
          ? ['Canary10Percent5Minutes:', { en: '10 %, 5 min later the rest', ko: '10 %, 5분 뒤 나머지 전부' }]
          : [],
    })),
    {
      width: 175,
      step: '100 %',
      note: { en: 'live, bake 10 s', ko: 'LIVE, 관찰(bake) 10초' },
      aws: ['AllowTraffic, BlockTraffic,', 'bake time'],
    },
  ],
  lanes: [
    {
      name: 'blue',
      bars: [
        { from: 0, to: 2, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        { from: 2, to: 5, live: 'blue', words: { en: 'v1 serves the others', ko: '나머지는 v1이 서비스' } },
        { from: 5, to: 6, idle: 'blue', words: { en: 'v1 stays warm', ko: 'v1 대기(warm)' } },
      ],
    },
    {
      name: 'green',
      bars: [
        { from: 0, to: 1, empty: true, words: { en: 'empty, or v0 warm', ko: '비어 있거나 v0 대기' } },
        { from: 1, to: 2, idle: 'green', words: { en: 'v2 starts', ko: 'v2 시작' } },
        {
          from: 2,
          to: 5,
          live: 'green',
          words: { en: 'v2: the canary, judged', ko: 'v2: 카나리, 단계마다 판정' },
        },
        { from: 5, to: 6, live: 'green', words: { en: 'v2 serves', ko: 'v2 서비스 중' } },
      ],
    },
    {
      name: USERS,
      bars: [
        { from: 0, to: 2, live: 'blue', words: '100 % v1' },
        { from: 2, to: 3, parts: shares(5), words: '5 % v2' },
        { from: 3, to: 4, parts: shares(25), words: '25 % v2' },
        { from: 4, to: 5, parts: shares(50), words: '50 % v2' },
        { from: 5, to: 6, live: 'green', words: '100 % v2' },
      ],
    },
  ],
  rollback: {
    from: 5,
    to: 1.6,
    words: {
      en: 'a verdict fails: one rename returns all users to v1, and the affected users are counted',
      ko: '판정 결과가 실패이면: rename 한 번으로 모두 v1로 되돌리고, 에러를 겪은 사용자 수를 알려 줌',
    },
  },
};
