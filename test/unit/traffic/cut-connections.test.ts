import { kindsOf } from '../../../deploy/traffic/cut-connections';

it('names how many connections of each kind were cut', () => {
  const webSocket = { status: 101, isEventStream: false };
  const events = { status: 200, isEventStream: true };
  const download = { status: 200, isEventStream: false };
  const unanswered = { status: 502, isEventStream: false };
  expect(kindsOf([download, webSocket, unanswered, events, webSocket], 5)).toBe(
    '2 WebSockets, 1 event stream, 1 download, 1 request',
  );
  expect(kindsOf([events], 3)).toBe('1 event stream, 2 downloads');
});
