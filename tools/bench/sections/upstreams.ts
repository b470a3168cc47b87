/** Two minimal apps, and the requests that they get. */
import path from 'node:path';
import { freePorts } from '../../../test/support/ports';
import type { Request } from '../client';
import { startServer, waitForAnswer } from '../processes';
import type { Upstreams } from '../types';

const PROGRAM = path.resolve(__dirname, '../upstream.js');

const GET: Request = { method: 'GET', path: '/', expect: [200] };
/** Three reads, then a write. */
export const REQUESTS: Request[] = [
  GET,
  GET,
  GET,
  { method: 'POST', path: '/', body: '{"text":"a message"}', expect: [200] },
];

export async function startUpstreams(): Promise<Upstreams> {
  const [blue = 0, green = 0] = await freePorts(2);
  for (const [NAME, port] of Object.entries({ blue, green })) {
    startServer(process.execPath, [PROGRAM], { env: { ...process.env, NAME, PORT: String(port) } });
    await waitForAnswer(port);
  }
  return { blue, green };
}
