/** The one call in which a person's promote and abort end, whatever they were asked with. */
import { decideWish } from './core/wish';
import type { Deployment, Wish } from './core/types';
import type { Asked } from './journal/journal';
import type { Yard } from './yard';

export type WishDeployment = (wish: Wish, id: number | null, asked?: Asked) => Promise<Deployment>;

/** Writes the wish into the journal, where the deployment's own process looks for it. Throws E_NOT_HOLDING, E_NO_CANARY, E_NOTHING_TO_ABORT. */
export function createWishes({ journal }: Pick<Yard, 'journal'>): WishDeployment {
  return (wish, id, asked) => journal.wish(wish, (pending) => decideWish(pending, wish, id), asked);
}
