/** The lines for a deployment that waits for an operator, or that an operator may steer. Pure. */
import { isPausedCanary } from '../core/canary/at-work';
import { duration, named } from '../core/format';
import type { Deployment } from '../core/deployment';
import type { Serving } from '../core/slot';
import type { Preview } from '../http/preview/link';
import { padCells } from '../core/cells';
import { placed } from './phrases';
import { words } from './words';

const LABEL = 10;

/** The lines for a release that waits for an operator, with the operator's options. */
export function heldLines(
  deployment: Deployment,
  preview: Preview | null,
  serving: Serving | null,
): string[] {
  const { createdAt, heldAt, to, id } = deployment;
  const what = to ? placed(to) : '';
  const users = serving ? words().usersGet(placed(serving)) : words().usersGetNothing;
  if (isPausedCanary(deployment)) {
    return [`! ${words().pausedCanary(id, what)}`, ...canaryLines(preview, null, true)];
  }
  if (deployment.cause !== null) return failedBatchLines(deployment.cause);
  const took = heldAt === null ? null : duration(heldAt - createdAt);
  const { liveFails = null } = deployment.migration ?? {};
  if (liveFails !== null && serving) {
    return [
      `✓ ${words().heldButFails(took, what)}`,
      `! ${words().schemaChanged(named(serving), liveFails)}`,
      `  ${words().promoteFixes}`,
      ...previewLines(preview),
    ];
  }
  return [`✓ ${words().held(took, what, users)}`, ...previewLines(preview)];
}

/**
 * The lines for a rolling deployment whose batch failed: earlier batches have the new release, the failed one does not.
 */
function failedBatchLines(cause: string): string[] {
  return [
    `! ${words().heldBatch(cause)}`,
    `  ${words().heldBatchState}`,
    labelled(words().then, words().promoteBatch),
  ];
}

/** How to try a held release, and how to continue or abort. */
export function previewLines(preview: Preview | null): string[] {
  return [...(preview ? waysTo(words().tryIt, preview) : []), labelled(words().then, words().promoteOrAbort)];
}

/** How to reach either side of a canary, whatever the user's own cohort, and the operator's options. */
export function canaryLines(canary: Preview | null, stable: Preview | null, isPaused: boolean): string[] {
  return [
    ...(canary ? waysTo(words().canary, canary) : []),
    ...(stable ? waysTo(words().stable, stable) : []),
    labelled(words().then, isPaused ? words().steerPaused : words().steerCanary),
  ];
}

function waysTo(label: string, { link, header, url }: Preview): string[] {
  return [labelled(label, link), labelled(words().orWith, `curl -H '${header}' ${url}`)];
}

function labelled(label: string, text: string): string {
  return `  ${padCells(label, LABEL)}${text}`;
}
