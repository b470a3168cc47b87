/** `notify test`: sends a test notification to every configured receiver and prints their answers. */
import { jsonText, terminalText } from '../core/terminal-text';
import { KnownError } from '../core/errors';
import { testNotice } from '../core/notices';
import { LIMIT_MS } from '../notify/notifier';
import { hostOf, postNotice } from '../notify/post';
import { targetsOf } from '../notify/targets';
import { servingNow } from '../health/serving';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';

/** Exit code 0 when every receiver accepted it. */
export async function notifyTestCommand(options: Options): Promise<number> {
  const context = openCloneContext();
  const targets = targetsOf(context.home, context.config);
  if (targets.length === 0) throw new KnownError('E_NOTIFY', 'No receiver is configured.');
  const notice = testNotice(context.config.name, await servingNow(context), Date.now());
  const answers = await Promise.all(
    targets.map(async ({ url }) => {
      const { ok, message } = await postNotice(url, notice, LIMIT_MS);
      return { host: hostOf(url), ok, message };
    }),
  );
  if (options.json) console.log(jsonText({ answers }));
  else
    for (const { host, ok, message } of answers)
      console.log(terminalText(`${ok ? '✓' : '✗'} ${host}: ${message}`));
  return answers.every(({ ok }) => ok) ? 0 : 1;
}
