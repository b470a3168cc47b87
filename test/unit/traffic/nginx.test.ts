import { isTooOld, parseVersion } from '../../../deploy/traffic/nginx-binary';
import { complaint } from '../../../deploy/traffic/nginx-refusal';
import { refusal } from '../../../deploy/traffic/nginx-refusal';
import { pickWorkerUser } from '../../../deploy/traffic/worker-user';

describe("nginx's version", () => {
  test.each([
    ['nginx version: nginx/1.22.1\nbuilt with OpenSSL', '1.22.1'],
    ['nginx version: nginx/1.18.0 (Ubuntu)', '1.18.0'],
    ['nginx version: openresty/1.21.4.1', '1.21.4'],
    ['hello', null],
  ])('in %p is %p', (output, version) => expect(parseVersion(output)).toBe(version));

  test.each([
    ['1.18.0', false],
    ['1.22.1', false],
    ['2.0.0', false],
    ['1.17.10', true],
    ['0.9.99', true],
  ])('%s is too old: %p', (version, old) => expect(isTooOld(version)).toBe(old));
});

describe('the error that nginx reports', () => {
  test('is its emergency line, not the lines around it', () => {
    const stderr =
      'nginx: [alert] could not open error log file\n' +
      'nginx: [emerg] unknown directive "x" in /h/nginx.conf:3\nnginx: configuration file /h/nginx.conf test failed\n';
    expect(complaint(stderr)).toBe('unknown directive "x" in /h/nginx.conf:3');
  });

  test('is its last line without an emergency line, and never empty', () => {
    expect(complaint('nginx: invalid option: "-z"\n')).toBe('invalid option: "-z"');
    expect(complaint('')).toBe('it gave no reason');
  });
});

test('the hint for a privileged port offers one that any user may bind', () => {
  const stderr = 'nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)\n';
  const { code, message, hint } = refusal(stderr, 80, 'does not start');
  expect({ code, message }).toEqual({
    code: 'E_NGINX',
    message: 'nginx does not start: bind() to 0.0.0.0:80 failed (13: Permission denied)',
  });
  expect(hint).toMatch(/^Ports below 1024 are for root; take another: HTTP_PORT=[89]\d{3} npm start$/);
});

describe("the user of nginx's workers", () => {
  const passwd =
    'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\nnobody2:x:1:1::/:/bin/false\n';
  const groups = 'root:x:0:\nnogroup:x:65534:\n';

  test('comes with the name of its own group', () => {
    expect(pickWorkerUser('nobody', passwd, groups)).toEqual({
      name: 'nobody',
      group: 'nogroup',
      uid: 65534,
      gid: 65534,
    });
  });

  test('is null when the user or its group does not exist', () => {
    expect(pickWorkerUser('www-data', passwd, groups)).toBeNull();
    expect(pickWorkerUser('nobody2', passwd, groups)).toBeNull();
  });
});
