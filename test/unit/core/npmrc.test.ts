import { changesPackages, unsetIn } from '../../../deploy/core/npmrc';

const NPMRC = `# //old.example/:_authToken=\${OLD_TOKEN}
@acme:registry=https://npm.example/
//npm.example/:_authToken=\${NPM_TOKEN}
//npm.example/:email = "\${WHO}@example.org"
cache=\${CACHE?}
init-author-name=\\\${NAME}
registry=\${REGISTRY}
`;

describe('a variable of .npmrc', () => {
  it('is reported when it is not set, unless npm does without it', () => {
    expect(unsetIn([NPMRC], () => false)).toEqual(['NPM_TOKEN', 'WHO', 'REGISTRY']);
    expect(unsetIn([NPMRC, '//b.example/:_auth=${B}\n'], (name) => name === 'NPM_TOKEN')).toEqual([
      'WHO',
      'REGISTRY',
      'B',
    ]);
    expect(unsetIn([''], () => false)).toEqual([]);
  });

  it.each(['NPM_TOKEN', 'WHO', 'HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS'])(
    '%s proves who asks or leads to the registry, and changes no package',
    (name) => {
      expect(changesPackages([NPMRC], name)).toBe(false);
    },
  );

  it.each(['REGISTRY', 'CACHE', 'npm_config_omit', 'SHARP_FORCE_GLOBAL_LIBVIPS'])(
    '%s may change the packages',
    (name) => {
      expect(changesPackages([NPMRC], name)).toBe(true);
    },
  );

  it('counts as changing packages when one of its uses does', () => {
    const npmrc = '//a.example/:_authToken=${TOKEN}\nregistry=https://a.example/${TOKEN}/\n';
    expect(changesPackages([npmrc], 'TOKEN')).toBe(true);
  });
});
