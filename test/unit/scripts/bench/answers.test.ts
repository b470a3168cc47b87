import { firstAnswer } from '../../../../scripts/bench/answers';

const answer = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

test('a whole answer is found where it ends, and what follows is left', () => {
  const bytes = answer('HTTP/1.1 201 Created', 'Content-Length: 2', '', '{}HTTP/1.1 200');
  expect(firstAnswer(bytes)).toEqual({
    status: 201,
    closes: false,
    bytes: bytes.length - 'HTTP/1.1 200'.length,
  });
});

test('half a head, or half a body, is no answer yet', () => {
  expect(firstAnswer(answer('HTTP/1.1 200 OK', 'Content-Length: 9'))).toBeNull();
  expect(firstAnswer(answer('HTTP/1.1 200 OK', 'Content-Length: 9', '', 'half'))).toBeNull();
});

test('a server that will close the connection is believed', () => {
  const bytes = answer('HTTP/1.1 503 No', 'Connection: close', 'Content-Length: 0', '', '');
  expect(firstAnswer(bytes)).toMatchObject({ status: 503, closes: true });
});

test('what is no answer, or has no length, is an error', () => {
  expect(() => firstAnswer(answer('garbage', '', ''))).toThrow('no HTTP answer');
  expect(() => firstAnswer(answer('HTTP/1.1 200 OK', '', ''))).toThrow('without a length');
});
