/**
 * Requests of one person are alike: whoever has a broken account meets an error every time. A thousand requests of ten
 * people then say no more than some tens of independent ones, and a test that takes them for a thousand fails good
 * canaries. How alike they are is seen from the people who came more than once (Rao and Scott, Biometrics 48, 1992).
 */

/** Sums of squares about the mean: of people's totals, and of single requests. */
export interface Spread {
  people: number;
  requests: number;
}

/** Gathers a figure of each request, such as 1 for an error and 0 for none, by the person who made it. */
export class RequestsPerUser {
  private readonly persons = new Map<string, { count: number; sum: number }>();
  private people = 0;
  private count = 0;
  private sum = 0;
  private squares = 0;
  private countSquares = 0;
  private sumSquares = 0;
  private products = 0;

  /** @param person null for somebody who is not known, and is taken for one who never comes again */
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

/** So many requests say as much as one independent one. At least 1. */
export function designEffect(spreads: Spread[]): number {
  const people = spreads.reduce((sum, each) => sum + each.people, 0);
  const requests = spreads.reduce((sum, each) => sum + each.requests, 0);
  return requests > 0 ? Math.max(1, people / requests) : 1;
}
