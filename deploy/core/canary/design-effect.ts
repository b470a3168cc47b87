/**
 * Measures how similar the requests of one user or one address are (the design effect). A user with a broken account
 * gets an error every time. A thousand requests of ten users therefore carry no more information than a few dozen
 * independent ones, and a test that treats them as independent fails good canaries. The estimate uses the users with
 * several requests (Rao and Scott, Biometrics 48, 1992), and the addresses likewise: a client can omit its cookie, or
 * invent one per request.
 */
import type { Tally } from '../verdict';

/** Sums of squares around the mean: for the users' totals, for the addresses' totals, and for single requests. */
export interface Spread {
  people: number;
  addresses: number;
  requests: number;
}

/** How much each request of an address counts, from 0 to 1. */
export type WeightOf = (client: string) => number;

export type ByClient = ReadonlyMap<string | null, { readonly count: number; readonly sum: number }>;

/** The requests of one address. */
interface Gathered {
  people: number;
  count: number;
  sum: number;
  squares: number;
  countSquares: number;
  sumSquares: number;
  products: number;
}

/** Collects one figure per request by user and address, such as 1 for an error and 0 for none. */
export class RequestsPerUser {
  private readonly clients = new Map<string | null, Gathered>();
  private readonly persons = new Map<string, { count: number; sum: number }>();

  /**
   * @param person null for an unknown user, who counts as a new user each time
   * @param client null for an unknown address: each user then counts as a separate address
   */
  add(person: string | null, figure: number, client: string | null = null): void {
    const of = this.of(client);
    of.count += 1;
    of.sum += figure;
    of.squares += figure * figure;
    const key = person === null ? null : `${client} ${person}`;
    const before = (key !== null && this.persons.get(key)) || { count: 0, sum: 0 };
    const now = { count: before.count + 1, sum: before.sum + figure };
    if (before.count === 0) of.people += 1;
    if (key !== null) this.persons.set(key, now);
    of.countSquares += now.count ** 2 - before.count ** 2;
    of.sumSquares += now.sum ** 2 - before.sum ** 2;
    of.products += now.count * now.sum - before.count * before.sum;
  }

  /** The number of requests of each address, and the sum of their figures. */
  byClient(): ByClient {
    return this.clients;
  }

  /** All requests, and the sum of their figures as `errors`. */
  total(weightOf: WeightOf = () => 1): Tally {
    const total = { requests: 0, errors: 0 };
    for (const [client, { count, sum }] of this.clients) {
      const weight = client === null ? 1 : weightOf(client);
      total.requests += weight * count;
      total.errors += weight * sum;
    }
    return total;
  }

  spread(weightOf: WeightOf = () => 1): Spread {
    const total = this.total(weightOf);
    const mean = total.requests === 0 ? 0 : total.errors / total.requests;
    const spread: Spread = { people: 0, addresses: 0, requests: 0 };
    let [people, addresses] = [0, 0];
    for (const [client, of] of this.clients) {
      const weight = client === null ? 1 : weightOf(client);
      const ofPeople = weight ** 2 * (of.sumSquares - 2 * mean * of.products + mean * mean * of.countSquares);
      people += of.people;
      spread.people += ofPeople;
      addresses += client === null ? of.people : 1;
      spread.addresses += client === null ? ofPeople : (weight * (of.sum - mean * of.count)) ** 2;
      spread.requests += weight * (of.squares - 2 * mean * of.sum + mean * mean * of.count);
    }
    if (people < 2) return { people: 0, addresses: 0, requests: 0 };
    spread.people *= people / (people - 1);
    spread.addresses *= addresses < 2 ? 0 : addresses / (addresses - 1);
    return spread;
  }

  private of(client: string | null): Gathered {
    const known = this.clients.get(client);
    if (known) return known;
    const none: Gathered = {
      ...{ people: 0, count: 0, sum: 0, squares: 0 },
      ...{ countSquares: 0, sumSquares: 0, products: 0 },
    };
    this.clients.set(client, none);
    return none;
  }
}

/** How many requests carry the information of one independent request. At least 1. */
export function designEffect(spreads: Spread[]): number {
  const { people, addresses, requests } = together(spreads);
  return requests > 0 ? Math.max(1, people / requests, addresses / requests) : 1;
}

/** Sums several sides or slots. */
export function together(spreads: Spread[]): Spread {
  const none: Spread = { people: 0, addresses: 0, requests: 0 };
  return spreads.reduce(
    (sum, each) => ({
      people: sum.people + each.people,
      addresses: sum.addresses + each.addresses,
      requests: sum.requests + each.requests,
    }),
    none,
  );
}
