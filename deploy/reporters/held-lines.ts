/** The lines for a deployment that waits for an operator, or that an operator may steer. Pure. */
import { isPausedCanary } from '../core/canary/at-work';
import { duration, named } from '../core/format';
import type { Deployment } from '../core/deployment';
import type { Serving } from '../core/slot';
import type { Preview } from '../http/preview/link';
import { schemaChangedLine } from './phrases';

/** The lines for a release that waits for an operator, with the operator's options. */
export function heldLines(
  deployment: Deployment,
  preview: Preview | null,
  serving: Serving | null,
): string[] {
  const { createdAt, heldAt, to, id } = deployment;
  const what = to ? `${named(to)} on ${to.slot}` : '';
  const users = serving ? `users get ${named(serving)} on ${serving.slot}` : 'users get nothing yet';
  if (isPausedCanary(deployment)) {
    return [
      `! PAUSED: deployment ${id}: ${what} keeps its share of users; all others stay on the stable release`,
      ...canaryLines(preview, null),
    ];
  }
  if (deployment.cause !== null) return failedBatchLines(deployment.cause);
  const took = heldAt === null ? '' : ` in ${duration(heldAt - createdAt)}`;
  const { liveFails = null } = deployment.migration ?? {};
  if (liveFails !== null && serving) {
    return [
      `✓ HELD${took}: ${what} is verified`,
      `! ${schemaChangedLine(serving, liveFails)}`,
      '  promote fixes this; abort does not, because a migration is never undone',
      ...previewLines(preview),
    ];
  }
  return [`✓ HELD${took}: ${what} is verified; ${users}`, ...previewLines(preview)];
}

/**
 * The lines for a rolling deployment whose batch failed: earlier batches have the new release, the failed one does not.
 */
function failedBatchLines(cause: string): string[] {
  return [
    `! HELD: a batch failed: ${cause}`,
    '  its slots are restored; earlier batches have the new version',
    '  then:     ./switchyard promote (tries again)   or   ./switchyard abort (undoes everything)',
  ];
}

/** How to try a held release, and how to continue or abort. */
export function previewLines(preview: Preview | null): string[] {
  return [
    ...(preview
      ? [`  try it:   ${preview.link}`, `  or:       curl -H '${preview.header}' ${preview.url}`]
      : []),
    '  then:     ./switchyard promote   or   ./switchyard abort',
  ];
}

/** How to reach either side of a canary, whatever the user's own cohort, and the operator's options. */
export function canaryLines(canary: Preview | null, stable: Preview | null): string[] {
  const way = (name: string, preview: Preview | null): string[] =>
    preview ? [`  ${name}   ${preview.link}`, `  or:       curl -H '${preview.header}' ${preview.url}`] : [];
  return [
    ...way('canary:', canary),
    ...way('stable:', stable),
    '  then:     ./switchyard promote, abort, pause or resume',
  ];
}
