import { USERS, type Picture } from './picture';

export const database: Picture = {
  name: 'database',
  title: { en: 'The database does not move', ko: '데이터베이스는 옮겨 가지 않습니다' },
  description: {
    en: 'Users move from v1 to v2 and back; both versions use one database, whose migration is not undone',
    ko: '사용자는 v1에서 v2로, 다시 v1로 옮겨 가지만, 두 버전은 데이터베이스 하나를 쓰고 마이그레이션은 되돌리지 않는다',
  },
  key: { en: 'striped: with the new column', ko: '줄무늬: 새 컬럼이 있음' },
  columns: [
    { width: 170, step: { en: 'before', ko: '배포 전' }, note: { en: 'v1 is live', ko: 'v1이 LIVE' } },
    {
      width: 200,
      step: { en: 'migrate, start', ko: '마이그레이션, 시작' },
      note: { en: 'a column is added', ko: '컬럼 하나를 더함' },
    },
    { width: 220, step: { en: 'live', ko: 'LIVE' }, note: { en: 'one rename', ko: 'rename 한 번' } },
    { width: 230, step: { en: 'rollback', ko: '롤백' }, note: { en: 'one rename', ko: 'rename 한 번' } },
  ],
  lanes: [
    {
      name: 'blue',
      bars: [
        { from: 0, to: 2, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
        { from: 2, to: 3, idle: 'blue', words: { en: 'v1 stays warm', ko: 'v1 대기(warm)' } },
        { from: 3, to: 4, live: 'blue', words: { en: 'v1 serves', ko: 'v1 서비스 중' } },
      ],
    },
    {
      name: 'green',
      bars: [
        { from: 0, to: 1, empty: true, words: { en: 'empty', ko: '비어 있음' } },
        { from: 1, to: 2, idle: 'green', words: { en: 'v2 starts, is verified', ko: 'v2 시작, 검증' } },
        { from: 2, to: 3, live: 'green', words: { en: 'v2 serves', ko: 'v2 서비스 중' } },
        { from: 3, to: 4, idle: 'green', words: { en: 'v2 without users', ko: 'v2, 사용자 없음' } },
      ],
    },
    {
      name: USERS,
      bars: [
        { from: 0, to: 2, live: 'blue', words: '100 % v1' },
        { from: 2, to: 3, live: 'green', words: '100 % v2' },
        { from: 3, to: 4, live: 'blue', words: '100 % v1' },
      ],
    },
    {
      name: { en: 'database', ko: 'DB' },
      bars: [
        { from: 0, to: 1.2, live: 'amber', words: { en: 'one for both', ko: '하나를 함께 사용' } },
        {
          from: 1.2,
          to: 4,
          updated: 'amber',
          words: {
            en: 'the same, with a new column and with what v2 wrote',
            ko: '그대로. 새 컬럼과 v2가 쓴 내용이 남음',
          },
        },
      ],
    },
  ],
};
