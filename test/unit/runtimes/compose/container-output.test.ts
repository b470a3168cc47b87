import { unframed } from '../../../../deploy/runtimes/compose/container-output';

function framed(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function read(chunks: Buffer[]): Promise<string> {
  const pieces: Buffer[] = [];
  // eslint-disable-next-line @typescript-eslint/require-await -- as a response comes
  const response = async function* (): AsyncGenerator<Buffer> {
    yield* chunks;
  };
  for await (const piece of unframed(response())) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

const OUTPUT = Buffer.concat([framed(1, 'listening\n'), framed(2, 'Error: ☹\n'), framed(1, '')]);

it('both output streams are merged in their order', async () => {
  expect(await read([OUTPUT])).toBe('listening\nError: ☹\n');
});

it('the output is the same wherever the network splits it', async () => {
  expect(await read([...OUTPUT].map((byte) => Buffer.from([byte])))).toBe('listening\nError: ☹\n');
});

it('an incomplete frame is dropped', async () => {
  expect(await read([OUTPUT, framed(1, 'half a line').subarray(0, 12)])).toBe('listening\nError: ☹\n');
});
