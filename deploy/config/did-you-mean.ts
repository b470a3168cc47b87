/** Suggests the known word closest to a mistyped one. */
import { distance } from 'fastest-levenshtein';

/** Undefined if no word is close. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((key) => ({ key, far: distance(word.toLowerCase(), key.toLowerCase()) }));
  ranked.sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(2, Math.floor(word.length / 2)) ? best.key : undefined;
}
