import { readFileSync } from 'node:fs';
import path from 'node:path';
import { render, valuesFor } from '../../../../deploy/traffic/render';
import { NGINX_SETTINGS } from '../../../support/nginx-settings';
import { withoutTable } from '../../../../tools/bench/fronts';

const template = readFileSync(path.resolve(__dirname, '../../../../nginx/site.conf.template'), 'utf8');

test('the plain nginx of the benchmark has the same settings without the table', () => {
  const plain = withoutTable(render(template, valuesFor(NGINX_SETTINGS)), 'green', 7);
  expect(plain).not.toMatch(/^[^#]*(\$realpath_root|slot_\$slot|-f ".*\/traffic\/)/m);
  expect(plain).toContain('proxy_pass http://slot_green;');
  expect(plain).toContain('X-Switchyard-Configuration "7"');
});
