import { USERS, type Picture } from './picture';

export const blueGreen: Picture = {
  name: 'blue-green',
  title: { en: 'Blue/green over time', ko: '시간 흐름으로 보는 블루/그린' },
  description: {
    en: 'Blue/green over time: which slot runs, and which serves',
    ko: '시간 흐름으로 보는 블루/그린: 어느 슬롯이 실행되고, 어느 슬롯이 서비스하는가',
  },
  columns: [
    {
      width: 200,
      step: { en: 'prepare', ko: '준비' },
      note: { en: 'install, test, build', ko: '설치, 테스트, 빌드' },
      aws: ['DownloadBundle, Install'],
    },
    {
      width: 190,
      step: { en: 'start, verify', ko: '시작, 검증' },
      note: { en: 'no users yet', ko: '아직 트래픽 없음' },
      aws: ['ApplicationStart,', 'ValidateService'],
    },
    {
      width: 160,
      step: { en: 'bake, 10 s', ko: '관찰(bake), 10초' },
      note: { en: 'watched', ko: '문제가 없는지 지켜봄' },
      aws: ['AllowTraffic, BlockTraffic,', 'bake time'],
    },
    {
      width: 140,
      step: { en: 'stays warm', ko: '대기(warm)' },
      note: { en: 'hours, days', ko: '몇 시간, 며칠' },
      aws: ['termination', 'wait time'],
    },
    {
      width: 130,
      step: { en: 'next push', ko: '다음 push' },
      note: { en: 'blue is replaced', ko: 'blue가 교체됨' },
      aws: ['original', 'terminated'],
    },
  ],
  moment: { at: 2, words: { en: 'shift: one rename', ko: '트래픽 전환: rename 한 번' } },
  lanes: [
    {
      name: 'blue',
      bars: [
        { from: 0, to: 2, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        {
          from: 2,
          to: 4,
          idle: 'blue',
          words: { en: 'v1 runs on, without requests', ko: 'v1은 요청 없이 계속 실행' },
        },
        { from: 4, to: 5, idle: 'blue', words: { en: 'v3 starts', ko: 'v3 시작' } },
      ],
    },
    {
      name: 'green',
      bars: [
        { from: 0, to: 1, empty: true, words: { en: 'empty, or v0 warm', ko: '비어 있거나 v0 대기' } },
        { from: 1, to: 2, idle: 'green', words: { en: 'v2 starts, is verified', ko: 'v2 시작, 검증' } },
        { from: 2, to: 5, live: 'green', words: { en: 'v2 serves', ko: 'v2 서비스 중' } },
      ],
    },
    {
      name: USERS,
      bars: [
        { from: 0, to: 2, live: 'blue', words: '100 % v1' },
        { from: 2, to: 5, live: 'green', words: '100 % v2' },
      ],
    },
  ],
  rollback: {
    from: 4,
    to: 1.6,
    words: {
      en: 'rollback: the same rename the other way, as long as v1 is warm',
      ko: '롤백: v1이 떠 있는 동안은 반대 방향의 rename 한 번',
    },
  },
};
