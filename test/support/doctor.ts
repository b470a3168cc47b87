/** Runs `doctor`, reads its findings and runs the printed fixes exactly as printed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../deploy/doctor/finding';
import type { LiveClone } from './live-clone';
import type { Change } from './tiny-clone';
import { until } from './until';

const HEALTHY_WITHIN_MS = 20_000;

type DoctorClone = Pick<LiveClone, 'switchyard' | 'shell'>;

export interface Diagnosis {
  code: number;
  findings: Finding[];
  /** The faults, keyed by check. */
  faults: Record<string, Finding>;
}

/** A tiny release that has the npm scripts that fixes use: `npm start`, `./switchyard rollback`. */
export const WITH_COMMANDS: Change = {
  manifest: {
    scripts: (
      JSON.parse(readFileSync(path.join(__dirname, '../../package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      }
    ).scripts,
  },
};

export async function diagnose(clone: DoctorClone): Promise<Diagnosis> {
  const { code, text } = await clone.switchyard('doctor', '--json');
  const { findings } = JSON.parse(text) as { findings: Finding[] };
  const broken = findings.filter(({ status }) => status === 'fault');
  return { code, findings, faults: Object.fromEntries(broken.map((finding) => [finding.link, finding])) };
}

/** Expects a fault in this check only, and returns it. */
export async function expectFault(clone: DoctorClone, check: string): Promise<Finding> {
  const { code, faults } = await diagnose(clone);
  expect(Object.keys(faults)).toEqual([check]);
  expect(code).toBe(1);
  return faults[check] as Finding;
}

/** The single fix that `doctor` prints for all its findings. */
export async function onlyFix(clone: DoctorClone): Promise<string> {
  const { faults } = await diagnose(clone);
  const [fix = ''] = Object.values(faults).map((fault) => fault.fix ?? '');
  // compared as a whole, so that a failure shows each fault with its fix
  expect(fix === '' ? null : faults).toEqual(
    Object.fromEntries(Object.entries(faults).map(([check, fault]) => [check, { ...fault, fix }])),
  );
  return fix;
}

/** Runs each printed fix once, exactly as printed, then waits until `doctor` finds no fault. */
export async function applyFix(clone: DoctorClone, ...findings: Finding[]): Promise<void> {
  for (const fix of new Set(findings.map(({ fix }) => fix ?? ''))) {
    const { code, text } = await clone.shell(fix);
    if (code !== 0) throw new Error(`${fix} ended with ${code}:\n${text}`);
  }
  await untilHealthy(clone);
}

/** Waits until `doctor` finds no fault; a failure shows the remaining ones. */
export async function untilHealthy(clone: DoctorClone): Promise<void> {
  let last: Diagnosis['faults'] = {};
  await until(
    'doctor to find no fault',
    async () => {
      last = (await diagnose(clone)).faults;
      return Object.keys(last).length === 0;
    },
    HEALTHY_WITHIN_MS,
  ).catch(() => expect(last).toEqual({}));
}
