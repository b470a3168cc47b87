import { firstResponse } from '../../../../tools/bench/responses';

const answer = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

test('the first response ends where its length says', () => {
  const bytes = answer('HTTP/1.1 201 Created', 'Content-Length: 2', '', '{}HTTP/1.1 200');
  expect(firstResponse(bytes)).toEqual({
    status: 201,
    closes: false,
    bytes: bytes.length - 'HTTP/1.1 200'.length,
  });
});

test('half a head or half a body is not a response yet', () => {
  expect(firstResponse(answer('HTTP/1.1 200 OK', 'Content-Length: 9'))).toBeNull();
  expect(firstResponse(answer('HTTP/1.1 200 OK', 'Content-Length: 9', '', 'half'))).toBeNull();
});

test('a response says whether the server closes the connection', () => {
  const bytes = answer('HTTP/1.1 503 No', 'Connection: close', 'Content-Length: 0', '', '');
  expect(firstResponse(bytes)).toMatchObject({ status: 503, closes: true });
});

test('anything but a response with a length is an error', () => {
  expect(() => firstResponse(answer('garbage', '', ''))).toThrow('no HTTP answer');
  expect(() => firstResponse(answer('HTTP/1.1 200 OK', '', ''))).toThrow('without a length');
});
