import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeMismatch } from '../../../deploy/release/wanted-node';
import { tempHome } from '../../support/temp-home';

const OWN = { version: 'v20.20.2', lts: 'Iron' };
const asking = (files: Record<string, string>): string | null => {
  const folder = tempHome();
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return nodeMismatch(folder, OWN);
};
const engines = (node: unknown): Record<string, string> => ({
  'package.json': JSON.stringify({ engines: { node } }),
});

it.each(['>=18', '20', '20.x', '^20.0.0 || >=22', '*', 'not a range', 5])(
  'engines of %j suit v20.20.2',
  (node) => {
    expect(asking(engines(node))).toBeNull();
  },
);

it.each(['>=22', '18.x', '^22.1.0', '>=20.21'])(
  'engines of %j ask for a Node version other than v20.20.2',
  (node) => {
    expect(asking(engines(node))).toBe(
      `this commit asks for Node ${node} ("engines" in package.json), but runs with v20.20.2; install that Node and run npm start with it, or change what it asks for`,
    );
  },
);

it.each([
  '20',
  'v20',
  '20.11.0\n',
  'v20.11.0\r\n',
  '# our Node\n20',
  'lts/*',
  'lts/iron',
  'node',
  'stable',
  '',
  '\uFEFF20',
])('.nvmrc of %j suits v20.20.2', (text) => expect(asking({ '.nvmrc': text })).toBeNull());

it.each(['22', 'v18.2.0', '20.21.0', 'lts/hydrogen'])(
  '.nvmrc of %j asks for a Node version other than v20.20.2',
  (text) => {
    expect(asking({ '.nvmrc': text })).toContain(`Node ${text} (.nvmrc), but runs with`);
    expect(asking({ '.node-version': text })).toContain('(.node-version)');
    // engines allows this Node, so .nvmrc is only a preference
    expect(asking({ ...engines('>=18'), '.nvmrc': text })).toBeNull();
  },
);

it.each(['[]', 'null', '{"engines": null}', '{"engines": ["x"]}', 'no JSON'])(
  'a package.json of %s asks for no Node version',
  (text) => {
    expect(asking({ 'package.json': text })).toBeNull();
  },
);
