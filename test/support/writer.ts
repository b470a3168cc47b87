/** A process that writes files into a folder so fast that no other process can remove the folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { until } from './until';

const WRITES = `for (let number = 0; ; number++) {
  try {
    fs.mkdirSync(process.argv[1], { recursive: true });
    fs.writeFileSync(process.argv[1] + '/' + number, '');
  } catch {}
}`;

/** Runs `does` while the process writes. */
export async function whileWriting(folder: string, does: () => Promise<void>): Promise<void> {
  const writer = spawn(process.execPath, ['-e', WRITES, folder], { stdio: 'ignore' });
  const gone = once(writer, 'exit');
  try {
    await until("the writer's first file", () => existsSync(folder));
    await does();
  } finally {
    writer.kill('SIGKILL');
    await gone;
  }
}
