/**
 * Measures how similar the requests of one user are (the design effect). A user with a broken account gets an error
 * every time, so a thousand requests of ten users carry no more information than a few dozen independent ones, and a
 * test that treats them as independent fails good canaries. The estimate uses the users with several requests (Rao and
 * Scott, Biometrics 48, 1992).
 */

/** Sums of squares around the mean: of the users' totals, and of single requests. */
export interface Spread {
  people: number;
  requests: number;
}

/** Collects one figure per request by user, such as 1 for an error and 0 for none. */
export class RequestsPerUser {
  private readonly persons = new Map<string, { count: number; sum: number }>();
  private people = 0;
  private count = 0;
  private sum = 0;
  private squares = 0;
  private countSquares = 0;
  private sumSquares = 0;
  private products = 0;

  /** @param person null for an unknown user, who is counted as a new one each time */
  add(person: string | null, figure: number): void {
    this.count += 1;
    this.sum += figure;
    this.squares += figure * figure;
    const before = (person !== null && this.persons.get(person)) || { count: 0, sum: 0 };
    const now = { count: before.count + 1, sum: before.sum + figure };
    if (before.count === 0) this.people += 1;
    if (person !== null) this.persons.set(person, now);
    this.countSquares += now.count ** 2 - before.count ** 2;
    this.sumSquares += now.sum ** 2 - before.sum ** 2;
    this.products += now.count * now.sum - before.count * before.sum;
  }

  spread(): Spread {
    const { people, count } = this;
    if (people < 2) return { people: 0, requests: 0 };
    const mean = this.sum / count;
    const ofPeople = this.sumSquares - 2 * mean * this.products + mean * mean * this.countSquares;
    return { people: (ofPeople * people) / (people - 1), requests: this.squares - count * mean * mean };
  }
}

/** How many requests carry the information of one independent request. At least 1. */
export function designEffect(spreads: Spread[]): number {
  const people = spreads.reduce((sum, each) => sum + each.people, 0);
  const requests = spreads.reduce((sum, each) => sum + each.requests, 0);
  return requests > 0 ? Math.max(1, people / requests) : 1;
}
