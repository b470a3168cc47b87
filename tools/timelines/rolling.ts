import type { SlotColour } from '../svg/page';
import { USERS, type Column, type Lane, type Part, type Picture } from './picture';

const V1 = { en: 'v1 serves', ko: 'v1 서비스 중' };
const V2 = { en: 'v2 serves', ko: 'v2 서비스 중' };
const REPLACED = 'v1 → v2';

/** A slot's lane: v1, the column in which it is replaced, v2. */
function lane(slot: SlotColour, turn: number): Lane {
  return {
    name: slot,
    bars: [
      { from: 0, to: turn, live: slot, words: V1 },
      { from: turn, to: turn + 1, idle: slot, words: REPLACED },
      { from: turn + 1, to: 6, updated: slot, words: V2 },
    ],
  };
}

function shares(updated: SlotColour[], old: SlotColour[]): Part[] {
  const share = 100 / (updated.length + old.length);
  return [
    ...updated.map((slot) => ({ slot, share, updated: true })),
    ...old.map((slot) => ({ slot, share, updated: false })),
  ];
}

function turn(slot: SlotColour): Column {
  return {
    width: 110,
    step: slot,
    note: { en: 'drain to verify', ko: '비우고 교체' },
    aws: ['BlockTraffic …', 'AllowTraffic'],
  };
}

export const rolling: Picture = {
  name: 'rolling',
  title: { en: 'Rolling over time, four slots', ko: '시간 흐름으로 보는 롤링(슬롯 네 개)' },
  description: {
    en: 'Rolling over time: one slot after the other is replaced, and old and new serve side by side',
    ko: '시간 흐름으로 보는 롤링: 슬롯을 하나씩 교체하며, 이전 버전과 새 버전이 함께 서비스한다',
  },
  key: { en: 'striped: v2', ko: '줄무늬: v2' },
  columns: [
    {
      width: 190,
      step: { en: 'prepare', ko: '준비' },
      note: { en: 'install, test, build', ko: '설치, 테스트, 빌드' },
      aws: ['DownloadBundle, Install'],
    },
    turn('green'),
    turn('amber'),
    turn('violet'),
    turn('blue'),
    {
      width: 190,
      step: { en: 'live, bake 10 s', ko: 'LIVE, 관찰(bake) 10초' },
      note: { en: 'all four watched', ko: '네 슬롯을 모두 지켜봄' },
      aws: ['CodeDeployDefault.', 'OneAtATime'],
    },
  ],
  lanes: [
    lane('blue', 4),
    lane('green', 1),
    lane('amber', 2),
    lane('violet', 3),
    {
      name: USERS,
      bars: [
        { from: 0, to: 1, parts: shares([], ['blue', 'green', 'amber', 'violet']), words: '100 % v1' },
        { from: 1, to: 2, parts: shares([], ['blue', 'amber', 'violet']), words: '100 % v1' },
        { from: 2, to: 3, parts: shares(['green'], ['blue', 'violet']), words: '1/3 v2' },
        { from: 3, to: 4, parts: shares(['green', 'amber'], ['blue']), words: '2/3 v2' },
        { from: 4, to: 5, parts: shares(['green', 'amber', 'violet'], []), words: '100 % v2' },
        { from: 5, to: 6, parts: shares(['green', 'amber', 'violet', 'blue'], []), words: '100 % v2' },
      ],
    },
  ],
  rollback: {
    from: 5,
    to: 0.8,
    words: {
      en: 'one fails: v1 returns to every slot that was replaced, one after the other',
      ko: '하나라도 실패: 교체한 슬롯마다 차례로 v1을 다시 시작',
    },
  },
};
