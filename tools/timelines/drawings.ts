/** Every picture of the strategies in both languages, by file name. Pure. */
import { abTest } from './ab-test';
import { blueGreen } from './blue-green';
import { canary } from './canary';
import { draw } from './draw';
import { inPlace } from './in-place';
import { rolling } from './rolling';

export function drawings(): { file: string; svg: string }[] {
  return [inPlace, rolling, blueGreen, canary, abTest].flatMap((picture) => [
    { file: `${picture.name}.svg`, svg: draw(picture, 'en') },
    { file: `${picture.name}.ko.svg`, svg: draw(picture, 'ko') },
  ]);
}
