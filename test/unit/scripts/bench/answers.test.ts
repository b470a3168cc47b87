import { firstAnswer } from '../../../../scripts/bench/answers';

const answer = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

test('a complete answer is read up to its end, without the bytes after it', () => {
  const bytes = answer('HTTP/1.1 201 Created', 'Content-Length: 2', '', '{}HTTP/1.1 200');
  expect(firstAnswer(bytes)).toEqual({
    status: 201,
    closes: false,
    bytes: bytes.length - 'HTTP/1.1 200'.length,
  });
});

test('an incomplete head or body is not an answer yet', () => {
  expect(firstAnswer(answer('HTTP/1.1 200 OK', 'Content-Length: 9'))).toBeNull();
  expect(firstAnswer(answer('HTTP/1.1 200 OK', 'Content-Length: 9', '', 'half'))).toBeNull();
});

test("a server's Connection: close is reported", () => {
  const bytes = answer('HTTP/1.1 503 No', 'Connection: close', 'Content-Length: 0', '', '');
  expect(firstAnswer(bytes)).toMatchObject({ status: 503, closes: true });
});

test('bytes that are not an answer, or have no length, are an error', () => {
  expect(() => firstAnswer(answer('garbage', '', ''))).toThrow('no HTTP answer');
  expect(() => firstAnswer(answer('HTTP/1.1 200 OK', '', ''))).toThrow('without a length');
});
