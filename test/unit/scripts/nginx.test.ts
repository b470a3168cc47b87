import { installLine } from '../../../scripts/lib/nginx';

const debian = { manager: 'apt-get' as const, systemd: true, fresh: false };

describe('the command that installs nginx', () => {
  it('disables the service of the package', () => {
    expect(installLine(debian, 'sudo ')).toBe(
      'sudo apt-get install -y --no-install-recommends nginx && sudo systemctl disable --now nginx',
    );
  });

  it('stops the service on a machine without systemd', () => {
    expect(installLine({ ...debian, systemd: false }, 'sudo ')).toMatch(/ && sudo service nginx stop$/);
  });

  it('updates the package lists first if there are none', () => {
    expect(installLine({ ...debian, fresh: true }, 'sudo ')).toMatch(
      /^sudo apt-get update && sudo apt-get install /,
    );
  });

  it('has no sudo for root', () => {
    expect(installLine(debian, '')).not.toContain('sudo');
  });

  it('uses dnf where it is the package manager', () => {
    expect(installLine({ ...debian, manager: 'dnf' }, 'sudo ')).toBe('sudo dnf install -y nginx-core');
  });

  it('is null for an unknown package manager', () => {
    expect(installLine({ ...debian, manager: null }, 'sudo ')).toBeNull();
  });
});
