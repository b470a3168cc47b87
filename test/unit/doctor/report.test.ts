import type { Finding, Status } from '../../../deploy/doctor/finding';
import { reportLines } from '../../../deploy/doctor/report';

const finding = (link: string, status: Status, message: string, fix: string | null = null): Finding => ({
  link,
  status,
  message,
  fix,
});

it('the report has a line for each finding, a fix below each fault, and a summary', () => {
  const lines = reportLines([
    finding('nginx', 'ok', '1.22.1'),
    finding('reboot', 'warning', 'Not set up.', 'Add a line'),
    finding('ports', 'fault', 'Port 8081 is held.', 'kill 7'),
  ]);
  expect(lines).toEqual([
    '✓ nginx   1.22.1',
    '! reboot  Not set up.',
    '          → Add a line',
    '✗ ports   Port 8081 is held.',
    '          → kill 7',
    '✗ 1 fault, 1 warning',
  ]);
});

it('the summary says that every check passed, and counts warnings', () => {
  expect(reportLines([finding('disk', 'ok', '5 GB free')]).at(-1)).toBe('✓ every check passed');
  expect(reportLines([finding('disk', 'warning', 'little')]).at(-1)).toBe('✓ every check passed (1 warning)');
});

it('checks that only wait for another check share a line', () => {
  const lines = reportLines([
    finding('home', 'fault', 'Nothing.', 'npm start'),
    finding('journal', 'skipped', 'not checked: see home'),
    finding('source', 'skipped', 'not checked: see journal'),
    finding('table', 'skipped', 'not checked: deployment 7 is running'),
  ]);
  expect(lines).toContain('- not checked: journal, source');
  expect(lines).toContain('- table    not checked: deployment 7 is running');
});

it('control characters in a finding never reach the terminal', () => {
  expect(reportLines([finding('source', 'fault', 'bad\u001b[2J\nnews', 'do')])[0]).toBe('✗ source  bad news');
});
