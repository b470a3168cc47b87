/** Checks that the configuration file is valid and that the settings in force match it. */
import type { StrategyChoice } from '../core/strategy-choice';
import { settingsFrom } from '../config/settings';
import { configFileName } from '../config/file';
import { checkSettings } from '../config/pending-settings';
import { readSettings } from '../config/saved-settings';
import type { Judgement } from './finding';
import { orOk, warning } from './finding';
import type { DoctorContext } from './context';

export function checkConfiguration(context: DoctorContext): Judgement[] {
  const config = context.config();
  const file = configFileName(context.root);
  const inForce = readSettings(context.home().settings);
  const waiting = checkSettings(inForce, settingsFrom(context.env), context.wanted(), [], file);
  const complaints = waiting.map((line) => {
    const [message = '', fix = null] = line.replace(/^! /, '').split(': ');
    return warning(`${message}.`, fix);
  });
  return orOk(
    complaints,
    `branch ${config.branch}, ${strategyInWords(config.strategy)}, runtime ${config.runtime}`,
  );
}

function strategyInWords(choice: StrategyChoice): string {
  return typeof choice === 'string' ? choice : 'a strategy by branch';
}
