/** Takes the lock at argv[2], prints `held`, and holds it until it exits. */
import { takeLock } from '../../../deploy/journal/deployment-lock';

void takeLock({ lock: process.argv[2] ?? '' }).then(() => {
  process.stdout.write('held\n');
  setInterval(() => undefined, 60_000);
});
