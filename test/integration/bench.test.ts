import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../..');

test('the benchmark measures real shifts and prints the results as JSON', async () => {
  const args = ['tools/run.js', 'bench', '--quick', '--only', 'oldSlot', '--json'];
  const { stdout } = await run(process.execPath, args, { cwd: root });
  const { results, machine } = JSON.parse(stdout) as {
    results: { oldSlot: { shifts: number; requests: number; failed: number } };
    machine: Record<string, string>;
  };
  expect(results.oldSlot).toMatchObject({ shifts: 20, failed: 0 });
  expect(results.oldSlot.requests).toBeGreaterThan(20);
  expect(machine.Node).toBe(process.version);
});
