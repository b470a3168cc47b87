/** Korean. No particle follows a parameter whose last sound is unknown. */
import type { DeploymentKind } from '../../core/deployment';
import { count, named } from '../../core/format';
import type { Words } from './en';

const SUCCESS: Partial<Record<DeploymentKind, string>> = {
  env: ', 새 환경 변수 적용',
  restart: ', 재시작 완료',
};

const uncommitted = (changed: number, untracked: number): string => {
  const parts = [
    ...(changed > 0 ? [`수정된 파일 ${count(changed)}개`] : []),
    ...(untracked > 0 ? [`추적되지 않는 파일 ${count(untracked)}개`] : []),
  ];
  return `이 버전에 포함되지 않음: ${parts.join(', ')} (먼저 git commit을 하세요)`;
};

export const ko: Words = {
  on: (release, slot) => `${slot} 슬롯의 ${release}`,
  watched: (what, seconds) =>
    `사용자 트래픽 → ${what}. ${seconds}초 동안 지켜봅니다(Ctrl-C는 이 출력만 끝냅니다)`,

  liveIn: (what, time, kind, down) =>
    `LIVE (${time}): ${what}${SUCCESS[kind] ?? ''}${down === null ? '' : `, 서비스 중단 ${down}`}`,
  liveAlready: (what, kind) => `LIVE (이미 서비스 중): ${what}${SUCCESS[kind] ?? ''}`,
  inSlots: (slots) => `${slots} 슬롯`,
  switched: (where, served, failed) =>
    served + failed === 0
      ? `${where}, 전환하는 동안 요청 없음`
      : `${where}, 전환하는 동안 요청 ${count(served)}건 처리, ${count(failed)}건 실패`,
  down: (time, requests) => `서비스 중단 ${time}: 요청 ${count(requests)}건에 점검 페이지로 응답`,
  toRollBack: (command, time) => `롤백하려면: ${command}${ko.takes(time)}`,
  toReturn: (release, command, time) => `${release} 버전으로 되돌리려면: ${command}${ko.takes(time)}`,
  takes: (time) => (time === null ? '' : ` (약 ${time} 소요)`),

  superseded: '더 새로운 push가 있어 이 배포를 건너뜁니다',
  notLiveAnyMore: (cause) => `NOT LIVE. 서비스에서 내렸습니다: ${cause}`,
  notLive: (still, cause) => `NOT LIVE. ${still}: ${cause}`,
  nothingNew: (still, cause) => `${still}: ${cause}`,
  still: (release) => `${release} 버전이 계속 서비스합니다`,
  stillSame: (release) => `같은 커밋인 ${release} 버전이 계속 서비스합니다`,
  stillWithEnvironment: (release) => `${release} 버전이 이전 환경 변수로 계속 서비스합니다`,
  noneUntilStart: 'npm start를 실행할 때까지 서비스 중인 릴리스가 없습니다',
  none: '서비스 중인 릴리스가 없습니다',
  schemaChanged: (release, why) =>
    `마이그레이션이 스키마를 바꾸어 ${release} 버전이 실패하고 있습니다(${why})`,
  drift: ({ runs, not }) =>
    `마지막으로 배포한 ${named(not)} 버전이 아니라 ${named(runs)} 버전이 서비스 중입니다`,

  removed: (id) => `${id}번 배포를 대기열에서 제거했습니다`,
  aborted: (id, users) => `ABORTED: ${id}번 배포를 되돌렸습니다. ${users}`,
  abortedButFails: (id, release, why) =>
    `ABORTED: ${id}번 배포를 되돌렸지만, ${ko.schemaChanged(release, why)}`,
  usersGet: (what) => `사용자 트래픽 → ${what}`,
  usersGetNothing: '아직 서비스 중인 릴리스가 없습니다',
  noneYet: '아직 서비스 중인 릴리스가 없습니다',

  waitingForPrevious: '이전 배포가 끝나기를 기다리는 중',
  waiting: (id, what) => `${id}번 배포(${what})가 끝나기를 기다리는 중`,
  waitingForHeld: (id, what, isCanary, since) =>
    `${since === null ? '' : `${since}부터 `}${isCanary ? '일시 중지된 카나리' : '보류된 배포'}, ${id}번(${what})을 기다리는 중`,
  toEndHold: '끝내려면: ./switchyard promote 또는 abort',
  toEndPause: '끝내려면: ./switchyard promote, abort, resume 중 하나',
  leavesQueue: (id) => `Ctrl-C를 눌러도 대기열에 남으며, 빼려면: ./switchyard abort ${id}`,
  staysQueued: (id) => `${id}번 배포는 대기열에 남습니다. 빼려면: ./switchyard abort ${id}`,
  continues: (id) => `${id}번 배포는 백그라운드에서 계속됩니다: ./switchyard history`,

  held: (time, what, users) => `${ko.heldButFails(time, what)}. ${users}`,
  heldButFails: (time, what) => `HELD${time === null ? '' : ` (${time})`}: ${what} 검증 완료, 전환 보류`,
  promoteFixes: 'promote하면 해결됩니다. 마이그레이션은 되돌리지 않으므로 abort로는 해결되지 않습니다',
  heldBatch: (cause) => `HELD: 배치 하나가 실패했습니다: ${cause}`,
  heldBatchState: '그 배치의 슬롯은 복구했고, 앞선 배치는 새 버전을 실행합니다',
  pausedCanary: (id, what) =>
    `PAUSED: ${id}번 배포: 카나리 ${what}, 트래픽 비율 유지. 나머지 사용자는 stable 릴리스를 씁니다`,
  paused: (id) => `PAUSED: ${id}번 배포`,
  notPaused: (id, state) => `${id}번 배포의 상태: ${state}`,
  tryIt: '미리보기:',
  orWith: '또는:',
  then: '다음:',
  canary: '카나리:',
  stable: 'stable:',
  promoteOrAbort: './switchyard promote   또는   ./switchyard abort',
  promoteBatch: './switchyard promote (다시 시도)   또는   ./switchyard abort (모두 되돌림)',
  steerCanary: './switchyard promote, abort, pause 중 하나',
  steerPaused: './switchyard promote, abort, resume 중 하나',

  kinds: { deploy: '배포', rollback: '롤백', restore: '복원', env: '환경', restart: '재시작' },
  states: {
    queued: '대기',
    running: '진행 중',
    holding: '보류',
    baking: '관찰 중',
    succeeded: '성공',
    failed: '실패',
    'rolled-back': '롤백됨',
    aborted: '취소됨',
    superseded: '대체됨',
    interrupted: '중단됨',
  },
  roles: { active: '활성', serving: '서비스', canary: '카나리', warm: 'warm', held: '보류', idle: '유휴' },
  heldSince: (moment, isCanary) =>
    `${moment}부터: ./switchyard ${isCanary ? 'promote, abort, resume 중 하나' : 'promote 또는 ./switchyard abort'}`,
  wasLiveIn: (time) => `전환까지 ${time}`,
  refusedWebhooks: (many, last, message) => `거부한 웹훅 ${count(many)}건, 마지막 ${last}: ${message}`,

  empty: '비어 있음',
  serves: '서비스 중',
  answers: (message) => `응답: ${message}`,
  runs: '실행 중',
  doesNotRun: '실행 중이 아님 (npm start)',
  earlierSecret: (until) => `이전 웹훅 시크릿도 유효합니다(${until}까지)`,

  everyCheckPassed: '모든 검사 통과',
  findings: (faults, warnings) =>
    [
      ...(faults > 0 ? [`문제 ${count(faults)}건`] : []),
      ...(warnings > 0 ? [`경고 ${count(warnings)}건`] : []),
    ].join(', '),
  notChecked: (checks) => `검사하지 않음: ${checks}`,

  isLive: (release, slot, url) => `${release}, ${slot} 슬롯에서 서비스 중   ${url}`,
  background: '백그라운드에서 실행됩니다. npm stop으로 중지합니다',
  ranAlready: (done) => `이미 실행 중이었습니다: ${done}`,
  nothingChanged: '변경 없음',
  next: (push) => `다음: app/에서 한 줄을 고치고  git commit -am hello && ${push}`,
  fromElsewhere: (url) => `다른 컴퓨터에서는: git remote add live ${url}`,
  headIsNotLive: (commit) => `${commit}, 이 클론의 현재 커밋은 아직 배포되지 않았습니다: ./switchyard deploy`,
  stopped: '중지했습니다. npm start를 실행하면 같은 릴리스가 다시 서비스합니다',
  uncommitted,

  nothingToDeploy: (why) => `배포할 것이 없습니다: ${why}`,
  toDeployIt: (command) => `배포하려면: ${command}`,
  nothingPushed: (cause) => `push를 거부했습니다: ${cause}`,
  pushedButNotLive: (cause) => `NOT LIVE. push는 도착했지만 배포하지 못했습니다: ${cause}`,

  hints: {
    E_BAD_COMMIT: '문제를 고친 커밋을 push하거나, 다시 시도하려면 직접 배포하세요: ./switchyard deploy',
    E_INSTALL: '이 커밋을 새로 클론해서 npm ci를 실행해 보세요.',
    E_TEST: 'npm run test:app을 실행해 보고, 통과하는 커밋을 push하세요.',
    E_BUILD: 'npm run build:app을 실행해 보고, 빌드되는 커밋을 push하세요.',
    E_MIGRATE: '마이그레이션을 고치세요. 아직 서비스 중인 버전과도 함께 동작해야 합니다.',
    E_EXITED: '앱의 출력을 확인하세요: ./switchyard logs',
    E_UNHEALTHY: '앱의 출력을 확인하세요: ./switchyard logs',
    E_CRASHES: '앱의 출력을 확인하세요: ./switchyard logs',
    E_CANARY: '앱의 출력을 확인하세요: ./switchyard logs',
    E_BAKE: '앱의 출력을 확인하세요: ./switchyard logs',
    E_WRONG_PROCESS: '헬스 체크 경로에서 SWITCHYARD_COMMIT과 SWITCHYARD_INSTANCE를 응답하세요.',
    E_ABORTED: '그래도 배포하려면: ./switchyard deploy',
    E_INTERRUPTED: '다시 배포하세요: ./switchyard deploy',
  },
};
