/** Every picture that explains something, in both languages, by file name. Pure. */
import { abTest } from './ab-test';
import { blueGreen } from './blue-green';
import { canary } from './canary';
import { ciCd } from './ci-cd';
import { draw } from './draw';
import { inPlace } from './in-place';
import type { Language } from './picture';
import { rolling } from './rolling';

const TIMELINES = [inPlace, rolling, blueGreen, canary, abTest].map((picture) => ({
  name: picture.name,
  drawIn: (language: Language): string => draw(picture, language),
}));

export function drawings(): { file: string; svg: string }[] {
  return [...TIMELINES, { name: 'ci-cd', drawIn: ciCd }].flatMap(({ name, drawIn }) => [
    { file: `${name}.svg`, svg: drawIn('en') },
    { file: `${name}.ko.svg`, svg: drawIn('ko') },
  ]);
}
