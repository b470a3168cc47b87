/** The output in Korean: complete, aligned, and with the same commands and verdicts as in English. */
import { cellsOf } from '../../../deploy/core/cells';
import { ERRORS } from '../../../deploy/core/errors';
import { heldLines } from '../../../deploy/reporters/held-lines';
import { finalLines, historyLine, waitingLine } from '../../../deploy/reporters/phrases';
import { speak } from '../../../deploy/reporters/words';
import { en } from '../../../deploy/reporters/words/en';
import { ko } from '../../../deploy/reporters/words/ko';
import { deployment } from '../../support/deployments';

const HANGUL = /\p{Script=Hangul}/u;
/** The parts of an output that programs and people search for. */
const COMMANDS = /(\.\/switchyard|npm|git) [a-z]+|\b(promote|abort|pause|resume)\b|Ctrl-C/g;
const VERDICT = /^(NOT LIVE|LIVE|HELD|PAUSED|ABORTED)\b/;

const SAMPLES = (Object.keys(en) as (keyof typeof en)[])
  .filter((name) => !['drift', 'hints', 'kinds', 'states', 'roles', 'takes'].includes(name))
  .map((name) => [name, sampleOf(en[name]), sampleOf(ko[name])] as const);

function sampleOf(words: unknown): string {
  if (typeof words !== 'function') return String(words);
  return (words as (...parameters: number[]) => string)(7, 8, 9, 10);
}

afterEach(() => speak('en'));

describe.each(SAMPLES)('%s in Korean', (_name, english, korean) => {
  const commandsIn = (text: string): string[] => [...new Set(text.match(COMMANDS) ?? [])].sort();

  it('names the same commands', () => expect(commandsIn(korean)).toEqual(commandsIn(english)));
  it('starts with the same verdict', () =>
    expect(VERDICT.exec(korean)?.[0]).toBe(VERDICT.exec(english)?.[0]));
  it('has the same parameters', () => {
    const given = (text: string): string[] => [...new Set(text.match(/\b(7|8|9|10)(?!\d)/g) ?? [])].sort();
    expect(given(korean)).toEqual(given(english));
  });
});

it('a hint in Korean names the command of the English hint', () => {
  for (const [code, hint] of Object.entries(ko.hints)) {
    expect(hint).toMatch(HANGUL);
    const { hint: english } = ERRORS[code as keyof typeof ERRORS];
    for (const [command] of english.matchAll(/\.\/switchyard \w+|npm run [\w:]+|npm ci|SWITCHYARD_\w+/g))
      expect(hint).toContain(command);
  }
});

it('the columns of the history are aligned in both languages', () => {
  const columns = (language: string): number[] => {
    speak(language);
    return (['queued', 'running', 'succeeded', 'rolled-back', 'interrupted'] as const).flatMap((state) =>
      (['deploy', 'rollback', 'restart'] as const).map((kind) => {
        const line = historyLine(deployment({ kind, state, cause: 'because' }));
        return cellsOf(line.slice(0, line.indexOf('because')));
      }),
    );
  };
  expect(new Set([...columns('en'), ...columns('ko')]).size).toBe(1);
});

it('the verdict and the general hint are in Korean, and the cause stays as it is in the journal', () => {
  speak('ko');
  const failed = deployment({
    state: 'failed',
    errorCode: 'E_TEST',
    cause: 'The tests failed.',
    hint: ERRORS.E_TEST.hint,
  });
  const serving = { version: '1.0.0', commit: 'c0ffee1234', slot: 'blue' } as const;
  expect(finalLines(failed, serving as never)).toEqual([
    '✗ NOT LIVE. v1.0.0 (c0ffee1) 버전이 계속 서비스합니다: The tests failed.',
    '  npm run test:app을 실행해 보고, 통과하는 커밋을 push하세요. [E_TEST]',
  ]);
  expect(finalLines({ ...failed, hint: 'Run only this one.' }, null).at(-1)).toBe(
    '  Run only this one. [E_TEST]',
  );
});

it('the values after the labels start in the same column in Korean', () => {
  speak('ko');
  const held = deployment({ state: 'holding', hold: true });
  const preview = { link: 'LINK', header: 'HEADER', url: 'URL' } as never;
  const [, ...lines] = heldLines(held, preview, null);
  const starts = lines.map((line) => cellsOf(line.slice(0, line.search(/LINK|curl|\.\/switchyard/))));
  expect(new Set(starts)).toEqual(new Set([12]));
  for (const line of lines) expect(line).toMatch(/^ {2}\S+: +/);
  expect(waitingLine(null)).toBe('이전 배포가 끝나기를 기다리는 중');
});

it('an unknown language is an error that names the known ones', () => {
  expect(() => speak('kr')).toThrow(
    expect.objectContaining({ code: 'E_USAGE', hint: 'Name one of: en, ko.' }),
  );
});
