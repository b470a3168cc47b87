/** The configuration file: it can be read, and what runs is what it says. */
import type { StrategyChoice } from '../core/strategy-choice';
import { settingsFrom } from '../config';
import { configFileName } from '../config-file';
import { checkSettings } from '../setup/settings';
import { readSettings } from '../settings';
import type { Judgement } from './finding';
import { orOk, warning } from './finding';
import type { Patient } from './patient';

export function checkConfiguration(patient: Patient): Judgement[] {
  const config = patient.config();
  const file = configFileName(patient.root);
  const inForce = readSettings(patient.home().settings);
  const waiting = checkSettings(inForce, settingsFrom(patient.env), patient.wanted(), [], file);
  const complaints = waiting.map((line) => {
    const [said = '', mend = null] = line.replace(/^! /, '').split(': ');
    return warning(`${said}.`, mend);
  });
  return orOk(
    complaints,
    `branch ${config.branch}, ${strategyInWords(config.strategy)}, runtime ${config.runtime}`,
  );
}

function strategyInWords(choice: StrategyChoice): string {
  return typeof choice === 'string' ? choice : 'a strategy by branch';
}
