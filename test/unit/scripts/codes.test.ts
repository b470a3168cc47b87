import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS } from '../../../deploy/core/errors';

const folder = path.resolve(__dirname, '../../../scripts/lib');

it('every error code of the scripts is in the table of errors', () => {
  const sources = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  const codes = [...sources.join('\n').matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(8);
  expect(codes.filter((code) => !Object.hasOwn(ERRORS, code ?? ''))).toEqual([]);
});
