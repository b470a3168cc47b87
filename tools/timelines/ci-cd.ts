/** Draws a deployment by hand beside one with CI and Switchyard. Pure. */
import { path, rect, round, svgFile } from '../svg/svg';
import { label, translator } from './layout';
import type { Language, Words } from './picture';
import { STYLE } from './style';

const WIDTH = 960;
const LEFT = 40;
const RIGHT = 920;
const GAP = 20;
const BOX_HEIGHT = 54;
const BAR_HEIGHT = 32;
const BEFORE_HEIGHT = 244;
/** The top of the second card. */
const AFTER = 264;
const HEIGHT = 712;

interface Box {
  kind?: 'wrong' | 'done';
  name: Words;
  note: Words;
}

type Translate = (words: Words) => string;

const BY_HAND: Box[] = [
  { name: 'ssh server', note: { en: 'at a quiet hour', ko: '한산한 시간에' } },
  { name: 'git pull', note: { en: 'over live files', ko: '실행 중인 폴더에' } },
  { name: 'npm ci', note: { en: 'under a live app', ko: '서비스 중에 교체' } },
  {
    kind: 'wrong',
    name: { en: 'restart', ko: '재시작' },
    note: { en: 'cuts connections', ko: '연결이 끊김' },
  },
  { name: { en: 'check the page', ko: '페이지 확인' }, note: { en: 'does it load?', ko: '잘 열리나?' } },
  {
    kind: 'wrong',
    name: { en: 'hope', ko: '기도' },
    note: { en: 'no way back', ko: '되돌리려면 처음부터' },
  },
];

const ON_GITHUB: Box[] = [
  { name: { en: 'push or PR', ko: 'push 또는 PR' }, note: { en: 'on a branch', ko: '브랜치에서' } },
  { name: { en: 'tests', ko: '테스트' }, note: 'Node 20, 22, 24' },
  { name: { en: 'review', ko: '리뷰' }, note: { en: 'by another person', ko: '다른 사람이 승인' } },
  { name: { en: 'merge', ko: '머지' }, note: { en: 'into protected main', ko: '보호된 main으로' } },
  { name: { en: 'webhook', ko: '웹훅' }, note: { en: 'signed: main moved', ko: '서명된 push 알림' } },
];

const ON_THE_SERVER: Box[] = [
  { name: 'fetch', note: { en: 'the tip of main', ko: 'main의 최신 커밋' } },
  {
    name: { en: 'test and build', ko: '테스트, 빌드' },
    note: { en: 'in its own folder', ko: '별도 폴더에서' },
  },
  { name: { en: 'start green', ko: 'green 시작' }, note: { en: 'beside blue', ko: 'blue 옆에서' } },
  { name: { en: 'verify', ko: '검증' }, note: { en: 'the very process', ko: '바로 그 프로세스를' } },
  { name: { en: 'shift', ko: '트래픽 전환' }, note: { en: 'one rename', ko: 'rename 한 번' } },
  {
    kind: 'done',
    name: { en: 'live, bake', ko: '배포 완료, 관찰' },
    note: { en: 'watched for 10 s', ko: '10초 동안 감시' },
  },
];

const USERS_GET = { en: 'What users get', ko: '사용자에게 보이는 화면' };

export function ciCd(language: Language): string {
  const translate = translator(language);
  return svgFile({
    width: WIDTH,
    height: HEIGHT,
    title: translate({
      en: 'Deploying by hand, and deploying with CI and Switchyard',
      ko: '손으로 하는 배포와 CI + Switchyard 배포',
    }),
    head: STYLE,
    shapes: [...before(translate), ...after(translate)],
  });
}

function before(translate: Translate): string[] {
  return [
    card(0, BEFORE_HEIGHT),
    label('title', LEFT, 40, translate({ en: 'Before: by hand', ko: '이전: 손으로 배포' })),
    ...boxes(BY_HAND, 64, translate),
    label('row', LEFT, 160, translate(USERS_GET)),
    ...bar('blue', [LEFT, 490], 172, 'v1'),
    ...bar('down', [492, 768], 172, translate({ en: '502: downtime', ko: '502: 다운타임' })),
    rect({ class: 'wrong', x: 770, y: 172, width: 150, height: BAR_HEIGHT, rx: 4 }),
    label('bad', 845, 193, translate({ en: 'v2, or an outage', ko: 'v2, 아니면 장애' })),
    label(
      'note',
      630,
      224,
      translate({ en: 'seconds if all goes well, longer if not', ko: '잘되면 몇 초, 안 되면 고칠 때까지' }),
    ),
  ];
}

function after(translate: Translate): string[] {
  const middles = ON_THE_SERVER.map((_, index) => middleOf(index, ON_THE_SERVER.length));
  return [
    card(AFTER, HEIGHT - AFTER),
    label(
      'title',
      LEFT,
      304,
      translate({ en: 'After: push, and the rest follows', ko: '이후: push하면 나머지는 자동' }),
    ),
    label('row', LEFT, 336, translate({ en: 'On GitHub', ko: 'GitHub에서' })),
    ...boxes(ON_GITHUB, 348, translate),
    path({ class: 'back', d: 'M300 402v10M480 402v10' }),
    label(
      'bad',
      390,
      428,
      translate({ en: 'failed or rejected: cannot be merged', ko: '테스트 실패나 반려면 머지 불가' }),
    ),
    path({ class: 'way', 'marker-end': 'url(#waytip)', d: 'M840 402v48a6 6 0 0 1-6 6H111a6 6 0 0 0-6 6v33' }),
    label('row', 120, 484, translate({ en: 'On your server, automatically', ko: '서버에서 자동으로' })),
    label(
      'key',
      RIGHT,
      484,
      translate({
        en: 'without GitHub, it starts here: git push live main',
        ko: 'GitHub 없이 쓸 때는 여기서 시작: git push live main',
      }),
    ),
    ...boxes(ON_THE_SERVER, 496, translate),
    path({
      class: 'back',
      'marker-end': 'url(#tip)',
      d: `M${middles.at(-1)} 550v16a6 6 0 0 1-6 6H66a6 6 0 0 0-6 6v64`,
    }),
    path({
      class: 'back',
      d: middles
        .slice(0, -1)
        .map((x) => `M${x} 550v22`)
        .join(''),
    }),
    label(
      'bad',
      480,
      596,
      translate({
        en: 'any step fails: all steps are undone in reverse, automatically. v1 stays live',
        ko: '어디서든 실패하면 거꾸로 한 단계씩 되돌립니다. 자동 롤백: v1이 계속 서비스합니다',
      }),
    ),
    label('row', 76, 632, translate(USERS_GET)),
    ...bar('blue', [LEFT, 704], 644, translate({ en: 'v1 on blue', ko: 'v1 (blue)' })),
    ...bar('green', [706, RIGHT], 644, translate({ en: 'v2 on green', ko: 'v2 (green)' })),
    label(
      'note',
      480,
      696,
      translate({ en: 'every request is answered: no downtime', ko: '모든 요청에 응답: 무중단 배포' }),
    ),
  ];
}

function card(y: number, height: number): string {
  return rect({ class: 'card', x: 0.5, y: y + 0.5, width: WIDTH - 1, height: height - 1, rx: 10 });
}

/** A row of boxes with arrows between them. */
function boxes(row: Box[], y: number, translate: Translate): string[] {
  const width = widthIn(row.length);
  return row.flatMap(({ kind = 'box', name, note }, index) => {
    const middle = middleOf(index, row.length);
    const x = middle - width / 2;
    const arrow = path({
      class: 'way',
      'marker-end': 'url(#waytip)',
      d: `M${x - GAP} ${y + BOX_HEIGHT / 2}h${GAP - 1}`,
    });
    return [
      ...(index > 0 ? [arrow] : []),
      rect({ class: kind, x, y, width, height: BOX_HEIGHT, rx: 6 }),
      label('step', middle, y + 22, translate(name)),
      label('note', middle, y + 42, translate(note)),
    ];
  });
}

function bar(kind: string, [from, to]: [number, number], y: number, words: string): string[] {
  return [
    rect({ class: kind, x: from, y, width: to - from, height: BAR_HEIGHT, rx: 4 }),
    label('bar', (from + to) / 2, y + 21, words),
  ];
}

function middleOf(index: number, count: number): number {
  return round(LEFT + index * (widthIn(count) + GAP) + widthIn(count) / 2, 1);
}

function widthIn(count: number): number {
  return (RIGHT - LEFT - GAP * (count - 1)) / count;
}
