/** `restart`: gives the live release new processes, without losing a request. */
import { KnownError } from '../core/errors';
import { servingNow } from '../health/serving';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { requestAndFollow } from './request';
import { strategyNamed } from './strategy-option';

const STRATEGIES = ['in-place', 'rolling', 'blue-green'] as const;

export async function restartCommand(options: Options & { strategy?: string }): Promise<number> {
  const context = openCloneContext();
  const strategy = strategyNamed(options.strategy, STRATEGIES);
  // reported before anything is queued
  if ((await servingNow(context)) === null) throw new KnownError('E_NOT_LIVE', 'No release is live.');
  const request = { kind: 'restart', trigger: 'command', ...(strategy && { strategy }) } as const;
  return requestAndFollow(context, request, options);
}
