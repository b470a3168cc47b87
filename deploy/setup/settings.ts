/** Environment settings against the ones a running Switchyard was started with. */
import type { Settings } from '../config';

/** One line for each setting that a running Switchyard does not take over. */
export function checkSettings(kept: Settings, given: Settings): string[] {
  return (Object.keys(given) as (keyof Settings)[])
    .filter((name) => given[name] !== kept[name])
    .map(
      (name) =>
        `! ${name}=${given[name]} counts from the next start on: npm stop && ${name}=${given[name]} npm start`,
    );
}
