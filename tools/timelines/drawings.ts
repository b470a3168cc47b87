/** Every picture that explains something, in both languages, by file name. Pure. */
import { abTest } from './ab-test';
import { badCanary } from './bad-canary';
import { blueGreen } from './blue-green';
import { canary } from './canary';
import { ciCd } from './ci-cd';
import { cookie } from './cookie';
import { database } from './database';
import { drain } from './drain';
import { draw } from './draw';
import { inPlace } from './in-place';
import type { Language } from './picture';
import { rename } from './rename';
import { rolling } from './rolling';

const STRATEGIES = [inPlace, rolling, blueGreen, canary, abTest];
const CONCEPTS = [rename, drain, cookie, badCanary, database];
const TIMELINES = [...STRATEGIES, ...CONCEPTS].map((picture) => ({
  name: picture.name,
  drawIn: (language: Language): string => draw(picture, language),
}));

export function drawings(): { file: string; svg: string }[] {
  return [...TIMELINES, { name: 'ci-cd', drawIn: ciCd }].flatMap(({ name, drawIn }) => [
    { file: `${name}.svg`, svg: drawIn('en') },
    { file: `${name}.ko.svg`, svg: drawIn('ko') },
  ]);
}
