import { readPayload } from '../../../../deploy/http/webhook/payload';

/** Names that git allows, or that a forger sends; nobody is to take them for more than text. */
const HOSTILE = [
  'main;reboot',
  '$(touch /tmp/owned)',
  '`id`',
  'main && curl evil',
  'main|sh',
  '--upload-pack=touch /tmp/owned',
  '-n',
  '../../etc/passwd',
  'main\nmain',
  'main\u0000',
  ' main',
  'main ',
  'MAIN',
  'refs/heads/main',
  '%6d%61%69%6e',
  'ｍａｉｎ',
  "'; DROP TABLE deployments; --",
];

const push = (ref: unknown, more: object = {}): string => JSON.stringify({ ref, ...more });

test.each(HOSTILE)('a push to %j is not a push to main, and nothing more', (name) => {
  expect(readPayload('push', push(`refs/heads/${name}`), 'main')).toMatchObject({ do: 'ignore' });
});

test.each(HOSTILE)('a branch that is really called %j deploys when it is the one', (name) => {
  expect(readPayload('push', push(`refs/heads/${name}`), name)).toEqual({ do: 'deploy' });
});

test.each(['main', 'heads/main', 'REFS/HEADS/main', 'refs/heads/', ' refs/heads/main', 'refs/pull/1/head'])(
  'the ref %j is not the branch main',
  (ref) => expect(readPayload('push', push(ref), 'main')).toMatchObject({ do: 'ignore' }),
);

test.each([[null], [7], [['refs/heads/main']], [{ toString: 'refs/heads/main' }], ['']])(
  'a ref that is %j is no ref',
  (ref) => {
    expect(() => readPayload('push', push(ref), 'main')).toThrow(
      expect.objectContaining({ code: 'E_BAD_PAYLOAD' }),
    );
  },
);

test('a created branch deploys, a deleted one does not', () => {
  expect(readPayload('push', push('refs/heads/main', { created: true, deleted: false }), 'main')).toEqual({
    do: 'deploy',
  });
  expect(readPayload('push', push('refs/heads/main', { deleted: true }), 'main')).toMatchObject({
    do: 'ignore',
  });
});

test('without an event header nothing is deployed', () => {
  expect(readPayload(undefined, push('refs/heads/main'), 'main')).toEqual({
    do: 'ignore',
    why: 'only pushes deploy, not "no event"',
  });
});
