import { readPayload } from '../../../../deploy/http/webhook/payload';

/**
 * Branch names that git allows or a forger sends. Each must be handled as plain text, never as a command or an option.
 */
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

const wanted = (branch: string): { branch: string; source: null } => ({ branch, source: null });
const push = (ref: unknown, more: object = {}): string => JSON.stringify({ ref, ...more });

test.each(HOSTILE)('a push to %j is ignored when main deploys', (name) => {
  expect(readPayload('push', 'json', push(`refs/heads/${name}`), wanted('main'))).toMatchObject({
    do: 'ignore',
  });
});

test.each(HOSTILE)('a push to %j deploys when the branch has that very name', (name) => {
  expect(readPayload('push', 'json', push(`refs/heads/${name}`), wanted(name))).toEqual({
    do: 'deploy',
    tip: null,
  });
});

test.each(['main', 'heads/main', 'REFS/HEADS/main', 'refs/heads/', ' refs/heads/main', 'refs/pull/1/head'])(
  'the ref %j is not the branch main',
  (ref) => expect(readPayload('push', 'json', push(ref), wanted('main'))).toMatchObject({ do: 'ignore' }),
);

test.each([[null], [7], [['refs/heads/main']], [{ toString: 'refs/heads/main' }], ['']])(
  'a ref that is %j is refused',
  (ref) => {
    expect(() => readPayload('push', 'json', push(ref), wanted('main'))).toThrow(
      expect.objectContaining({ code: 'E_BAD_PAYLOAD' }),
    );
  },
);

test('a push that creates the branch deploys, one that deletes it does not', () => {
  expect(
    readPayload('push', 'json', push('refs/heads/main', { created: true, deleted: false }), wanted('main')),
  ).toEqual({
    do: 'deploy',
    tip: null,
  });
  expect(
    readPayload('push', 'json', push('refs/heads/main', { deleted: true }), wanted('main')),
  ).toMatchObject({
    do: 'ignore',
  });
});

test('a payload without an event header deploys nothing', () => {
  expect(readPayload(undefined, 'json', push('refs/heads/main'), wanted('main'))).toEqual({
    do: 'ignore',
    why: 'only pushes deploy, not "no event"',
  });
});
