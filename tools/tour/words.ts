/** The sentences of the tour in the reader's language. */
import { count, plural } from '../../deploy/core/format';
import { LANGUAGES, languageOf, type Language } from '../../deploy/core/language';
import { KnownFailure } from '../../scripts/lib/known';

/** Durations and sizes are formatted already. */
const en = {
  /** For the commands in the copy. */
  locale: 'C.UTF-8',
  starting: 'Starting a throw-away copy',
  started: 'a throw-away copy runs',
  legend: (users: number) =>
    `${users} users keep asking, and keep their cookies as browsers do. A lane is a slot: as full as its share of the answers, and dim for the old version.`,
  strategies: {
    'in-place': {
      title: 'In-place',
      about: 'the new version takes the place of the old one; meanwhile there is a maintenance page',
    },
    rolling: {
      title: 'Rolling',
      about: 'one slot after the other leaves, gets the new version, and comes back',
    },
    'blue-green': {
      title: 'Blue/green',
      about: 'the new version starts beside the old one, and all users move at once',
    },
    canary: {
      title: 'Canary',
      about: 'a few users get it first, then more, as long as it does as well as the old one',
    },
    'bad-release': {
      title: 'A bad release',
      about: 'it passes every check but fails for users; the canary notices and rolls it back',
    },
  },
  old: 'old',
  new: 'new',
  failed: 'failed',
  begins: 'begins',
  live: 'live',
  rollback: 'rollback',

  requests: (requests: number) => plural(requests, 'request'),
  failures: (failures: number) => `${count(failures)} failed`,
  turnedAway: (requests: number, time: string) => `${count(requests)} turned away in ${time}`,
  oneVersion: '1 version at once',
  twoVersions: (time: string) => `2 versions at once for ${time}`,
  slotsRan: (slots: number, memory: string) => `${plural(slots, 'slot')} ran with ${memory}`,
  noneServed: 'no slot served for a moment',
  someServed: (slots: number) => `at least ${plural(slots, 'slot')} served throughout`,
  affected: (some: number, all: number) => `${count(some)} of ${plural(all, 'user')} affected`,
  rolledBack: (time: string) => `rolled back in ${time}`,
  rolledBackAutomatically: (time: string) => `rolled back automatically after ${time}`,

  rows: {
    requests: 'requests',
    failed: 'requests failed',
    downtime: 'downtime',
    liveIn: 'all on the new one in',
    versions: 'versions at once',
    versionsFor: '  for',
    flipFlopped: 'users who flip-flopped',
    slots: 'slots at most',
    memory: '  their memory',
    fewest: 'fewest slots serving',
    rolledBack: 'rolled back in',
  },
};

type Words = typeof en;

const ko: Words = {
  locale: 'ko_KR.UTF-8',
  starting: '임시 복사본을 시작하는 중',
  started: '임시 복사본 실행 중',
  legend: (users) =>
    `사용자 ${users}명이 계속 요청하며, 브라우저처럼 쿠키를 유지합니다. 레인 하나가 슬롯 하나입니다. 응답한 비율만큼 차오르고, 이전 버전은 어둡게 보입니다.`,
  strategies: {
    'in-place': {
      title: '제자리 배포',
      about: '이전 버전을 멈추고 그 자리에서 새 버전을 시작하며, 그동안 점검 페이지를 보여 줍니다',
    },
    rolling: {
      title: '롤링 배포',
      about: '슬롯을 하나씩 트래픽에서 빼서 새 버전으로 바꾼 뒤 다시 넣습니다',
    },
    'blue-green': {
      title: '블루/그린',
      about: '이전 버전 옆에서 새 버전을 시작하고, 모든 사용자를 한 번에 옮깁니다',
    },
    canary: {
      title: '카나리',
      about: '일부 사용자에게 먼저 보내고, 이전 버전만큼 잘 동작하는 동안 비율을 늘립니다',
    },
    'bad-release': {
      title: '잘못된 릴리스',
      about: '모든 검사를 통과했지만 사용자 요청에서 실패합니다. 카나리가 알아채고 롤백합니다',
    },
  },
  old: '이전',
  new: '새 버전',
  failed: '실패',
  begins: '시작',
  live: '전환 완료',
  rollback: '롤백',

  requests: (requests) => `요청 ${count(requests)}건`,
  failures: (failures) => `실패 ${count(failures)}건`,
  turnedAway: (requests, time) => `${time} 동안 ${count(requests)}건에 점검 페이지`,
  oneVersion: '한 번에 버전 1개',
  twoVersions: (time) => `${time} 동안 버전 2개 공존`,
  slotsRan: (slots, memory) => `슬롯 ${slots}개 실행, 메모리 ${memory}`,
  noneServed: '서비스하는 슬롯이 없는 순간 있음',
  someServed: (slots) => `항상 슬롯 ${slots}개 이상 서비스`,
  affected: (some, all) => `사용자 ${count(all)}명 중 ${count(some)}명이 에러를 겪음`,
  rolledBack: (time) => `${time} 만에 롤백`,
  rolledBackAutomatically: (time) => `${time} 만에 자동 롤백`,

  rows: {
    requests: '요청',
    failed: '실패한 요청',
    downtime: '서비스 중단 시간',
    liveIn: '모두 새 버전으로',
    versions: '공존한 버전',
    versionsFor: '  공존한 시간',
    flipFlopped: '버전을 오간 사용자',
    slots: '최대 실행 슬롯',
    memory: '  사용한 메모리',
    fewest: '최소 서비스 슬롯',
    rolledBack: '롤백에 걸린 시간',
  },
};

const CATALOGUES = { en, ko } satisfies Record<Language, Words>;

let current: Words = en;

/** Throws E_USAGE. @param wanted as in --lang; without it, the locale decides */
export function speak(wanted: string | undefined): void {
  const language = wanted === undefined ? languageOf(process.env) : LANGUAGES.find((each) => each === wanted);
  if (language === undefined)
    throw new KnownFailure(
      'E_USAGE',
      `The tour does not speak "${wanted}".`,
      `It speaks: ${LANGUAGES.join(', ')}.`,
    );
  current = CATALOGUES[language];
}

export function words(): Words {
  return current;
}
