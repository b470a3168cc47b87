import { installLine } from '../../../scripts/lib/nginx';

const debian = { manager: 'apt-get' as const, systemd: true, fresh: false };

describe('the line that installs nginx', () => {
  it('switches its own service off on the way', () => {
    expect(installLine(debian, 'sudo ')).toBe(
      'sudo apt-get install -y --no-install-recommends nginx && sudo systemctl disable --now nginx',
    );
  });

  it('stops the service where there is no systemd', () => {
    expect(installLine({ ...debian, systemd: false }, 'sudo ')).toMatch(/ && sudo service nginx stop$/);
  });

  it('fetches the package lists first where there are none', () => {
    expect(installLine({ ...debian, fresh: true }, 'sudo ')).toMatch(
      /^sudo apt-get update && sudo apt-get install /,
    );
  });

  it('is without sudo for root', () => {
    expect(installLine(debian, '')).not.toContain('sudo');
  });

  it('uses dnf where that is the package manager', () => {
    expect(installLine({ ...debian, manager: 'dnf' }, 'sudo ')).toBe('sudo dnf install -y nginx-core');
  });

  it('is unknown for a package manager we do not know', () => {
    expect(installLine({ ...debian, manager: null }, 'sudo ')).toBeNull();
  });
});
