import { USERS, type Picture } from './picture';

export const abTest: Picture = {
  name: 'ab-test',
  title: { en: 'An A/B test over time', ko: '시간 흐름으로 보는 A/B 테스트' },
  description: {
    en: 'An A/B test over time: half of the users get B until an operator has seen enough',
    ko: '시간 흐름으로 보는 A/B 테스트: 사람이 결론을 내릴 때까지 사용자의 절반이 B를 쓴다',
  },
  columns: [
    {
      width: 190,
      step: { en: 'start, verify', ko: '시작, 검증' },
      note: { en: 'as a canary', ko: '카나리와 같음' },
      aws: ['ApplicationStart,', 'ValidateService'],
    },
    {
      width: 430,
      step: { en: 'held at 50 %', ko: '50%에서 멈춤' },
      note: {
        en: 'days: visitors who reach the goal are counted on both sides',
        ko: '며칠 동안 목표에 도달한 방문자를 양쪽에서 셈',
      },
      aws: [
        {
          en: 'two target groups with weights, on an ALB',
          ko: 'ALB의 가중치 대상 그룹(target group) 두 개',
        },
      ],
    },
    {
      width: 200,
      step: { en: 'an operator decides', ko: '사람이 결정' },
      note: { en: 'promote or abort', ko: 'promote 또는 abort' },
      aws: ['AllowTraffic, BlockTraffic'],
    },
  ],
  lanes: [
    {
      name: 'A, blue',
      bars: [
        { from: 0, to: 1, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        { from: 1, to: 2, live: 'blue', words: { en: 'A: v1', ko: 'A: v1' } },
        { from: 2, to: 3, idle: 'blue', words: { en: 'v1 stays warm', ko: 'v1 대기(warm)' } },
      ],
    },
    {
      name: 'B, green',
      bars: [
        { from: 0, to: 1, idle: 'green', words: { en: 'v2 starts, is verified', ko: 'v2 시작, 검증' } },
        { from: 1, to: 2, live: 'green', words: { en: 'B: v2', ko: 'B: v2' } },
        { from: 2, to: 3, live: 'green', words: { en: 'v2 serves', ko: 'v2 서비스 중' } },
      ],
    },
    {
      name: USERS,
      bars: [
        { from: 0, to: 1, live: 'blue', words: '100 % v1' },
        {
          from: 1,
          to: 2,
          parts: [
            { slot: 'green', share: 50 },
            { slot: 'blue', share: 50 },
          ],
          words: { en: 'every user keeps the same version', ko: '처음 받은 버전이 끝까지 유지됨' },
        },
        { from: 2, to: 3, live: 'green', words: '100 % v2' },
      ],
    },
  ],
  rollback: {
    from: 2,
    to: 0.8,
    words: {
      en: 'B is worse, or fails: one rename returns all users to v1',
      ko: 'B가 더 나쁘거나 실패: rename 한 번으로 모두 v1로 되돌림',
    },
  },
};
