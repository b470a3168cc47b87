import { readFileSync } from 'node:fs';
import path from 'node:path';
import { render, valuesFor, type NginxSettings } from '../../../deploy/traffic/render';
import { NGINX_SETTINGS } from '../../support/nginx-settings';

const template = (name: string): string =>
  readFileSync(path.join(__dirname, '../../../nginx', `${name}.template`), 'utf8');
const site = (settings: Partial<NginxSettings> = {}): string =>
  render(template('site.conf'), valuesFor({ ...NGINX_SETTINGS, ...settings }));
const whole = (settings: Partial<NginxSettings> = {}): string =>
  render(template('nginx.conf'), valuesFor({ ...NGINX_SETTINGS, ...settings }));

/** The block of a server or upstream, from its first line to its closing brace. */
const block = (text: string, first: string): string => {
  const start = text.indexOf(first);
  expect(start).toBeGreaterThanOrEqual(0);
  const open = text.lastIndexOf('\n', start);
  return text.slice(open, text.indexOf('\n}', start));
};

describe('the template language', () => {
  test("fills in names and keeps nginx's variables", () => {
    expect(render('listen ${HTTP_PORT}; $table ${table}', { HTTP_PORT: '80' })).toBe(
      'listen 80; $table ${table}',
    );
  });

  test('repeats a block for every entry, and nests blocks', () => {
    const text = '#each SLOT\n${SLOT}:\n#each OTHER\n- ${OTHER} after ${SLOT}\n#end\n#end\nend';
    const values = {
      SLOT: [
        { SLOT: 'a', OTHER: [{ OTHER: 'b' }] },
        { SLOT: 'b', OTHER: [{ OTHER: 'a' }] },
      ],
    };
    expect(render(text, values)).toBe('a:\n- b after a\nb:\n- a after b\nend');
  });

  test('rejects an unknown name, an unknown list and a block without an end', () => {
    expect(() => render('${NOPE}', {})).toThrow('${NOPE} has no value');
    expect(() => render('#each NOPE\n#end', {})).toThrow('NOPE is not a list');
    expect(() => render('#each SLOT\nx', { SLOT: [] })).toThrow('has no #end');
  });
});

describe('site.conf', () => {
  test('resolves the table once per request, and every later check uses the result', () => {
    expect(site().match(/^[^#\n]*\$realpath_root.*/gm)).toEqual(['map $realpath_root $table {']);
    const checks = site().match(/if \(-f \S+/g) ?? [];
    expect(checks.length).toBeGreaterThan(0);
    const others = checks.filter((check) => !check.startsWith('if (-f $table/'));
    const direct = others.filter((check) => !check.startsWith('if (-f "/home/preview/$preview_token.'));
    const allChecks = NGINX_SETTINGS.slots.map(({ name }) => `if (-f "/home/traffic/all.${name}")`);
    // for users, and for a tester whose token has expired
    expect(direct).toEqual([expect.stringContaining('/closing.'), ...allChecks, ...allChecks]);
  });

  test('checks the folder of preview tokens only for values that look like one, after one string test', () => {
    expect(site().match(/\$(cookie|http_x)_switchyard_preview/g)).toHaveLength(4);
    expect(site()).toContain('"~^[0-9a-f]{32}$" $http_x_switchyard_preview;');
    expect(site()).toContain('"~^[0-9a-f]{32}$" $cookie_switchyard_preview;');
    const everyone = site().slice(0, site().indexOf('location @preview'));
    expect(everyone).not.toContain('/preview/');
    expect(everyone).toContain('if ($preview_token) { return 418; }');
  });

  test('has no backup behind the slot of a tester', () => {
    const preview = site().slice(site().indexOf('location @preview {'));
    expect(preview.slice(0, preview.indexOf('}\n    # A token'))).toContain(
      'proxy_pass http://direct_$preview;',
    );
  });

  test('mentions assets only if some are configured, and takes their prefixes literally', () => {
    expect(site()).not.toMatch(/asset|second_slot|\b42[34]\b/);
    expect(site({ assets: ['/assets/', '/a.b+c'] })).toContain(
      String.raw`"~^(GET|HEAD) (/assets/|/a\.b\+c)" 1;`,
    );
  });

  test('has no slot by default', () => {
    expect(site()).toContain('set $slot "";');
    const maps = site().match(/^map \$(realpath_root|table) .*\n.*default .*$/gm);
    expect(maps).toHaveLength(5);
    for (const map of maps ?? []) expect(map).toMatch(/default "";$/);
    expect(site()).toContain('if ($slot = "") { return 503; }');
  });

  test('gives each slot one backup, and the backup none', () => {
    expect(block(site(), 'upstream slot_green').match(/server .*;/g)).toEqual([
      'server 127.0.0.1:8081 max_fails=0;',
      'server "unix:/home/nginx/after-green.sock" max_fails=0 backup;',
    ]);
    expect(block(site(), 'upstream direct_green').match(/server .*;/g)).toEqual([
      'server 127.0.0.1:8081 max_fails=0;',
    ]);
  });

  test('backs a slot up with the active slot, and the active slot with its standby', () => {
    const behind = site().slice(site().indexOf('listen "unix:/home/nginx/after-green.sock"'));
    expect(behind.slice(0, behind.indexOf('\n}')).match(/.*set \$behind.*/g)).toEqual([
      '    set $behind $active;',
      '    if ($active = green) { set $behind $standby; }',
      '    if ($maintenance) { set $behind ""; }',
    ]);
  });

  test('has a hundred buckets of one percent', () => {
    const split = block(site(), 'split_clients $cohort $bucket');
    expect(split.match(/^ *1% \d\d;$/gm)).toHaveLength(99);
    expect(split).toContain('* 99;');
  });

  test('closes idle connections to an app long before the app does after 5 s', () => {
    expect(
      site()
        .match(/^ {4}keepalive_timeout .*;/gm)
        ?.every((line) => line.trim() === 'keepalive_timeout 1s;'),
    ).toBe(true);
  });

  test("limits bodies as configured, and those for the deployer at GitHub's maximum", () => {
    expect(site().match(/client_max_body_size .*;/g)).toEqual([
      ...NGINX_SETTINGS.slots.map(() => 'client_max_body_size 0;'),
      'client_max_body_size 7m;',
      'client_max_body_size 25m;',
      'client_max_body_size 1k;',
    ]);
  });

  test('listens on IPv6 only if the machine has it', () => {
    expect(site()).toContain('listen [::]:8000 default_server;');
    expect(site({ ipv6: false })).not.toContain('[::]');
  });

  test('uses nothing that nginx 1.18 does not know', () => {
    expect(site() + whole()).not.toMatch(
      /keepalive_min_timeout|keepalive_time |\bhttp2 on|ssl_reject_handshake/,
    );
  });
});

describe('nginx.conf', () => {
  test('sets a user and its group when nginx starts as root, and none otherwise', () => {
    expect(whole({ workerUser: { name: 'nobody', group: 'nogroup' } })).toContain('\nuser nobody nogroup;');
    expect(whole()).not.toMatch(/^user /m);
  });

  test('sets a temporary folder for each module that needs one', () => {
    expect(whole()).toContain('fastcgi_temp_path "/home/nginx/temp-fastcgi";');
    expect(whole({ unusedModules: [] })).not.toContain('fastcgi');
  });
});
