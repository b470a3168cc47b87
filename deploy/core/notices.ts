/** Decides which journal events send a notification, and writes its text. Pure. */
import type { Drift } from './drift';
import { driftSummary } from './drift';
import { isCanary } from './canary/at-work';
import { named, short } from './format';
import type { Deployment } from './deployment';
import type { JournalEvent } from './event';
import type { Serving } from './slot';

export type NoticeName = 'live' | 'failed' | 'rolled-back' | 'aborted' | 'holding' | 'incident';

/**
 * The JSON body for a generic URL. While `version` is 1, fields may be added; none is removed or changes its meaning.
 */
export interface Notice {
  version: 1;
  /** Id of the journal event, which identifies the notice. 0 for a test. */
  id: number;
  event: NoticeName | 'test';
  /** ISO 8601, in UTC. */
  at: string;
  /** `name` of the configuration. */
  app: string;
  /** One line of text for the reader. */
  text: string;
  deployment: Pick<
    Deployment,
    'id' | 'kind' | 'trigger' | 'branch' | 'state' | 'commit' | 'version' | 'errorCode' | 'cause' | 'hint'
  > | null;
  /** The active release. */
  serving: Serving | null;
  /** The last deployed release, if another one is live. */
  behind: Drift | null;
}

export interface NoticeInput {
  app: string;
  event: JournalEvent;
  /** The event's deployment in its current state. */
  deployment: Deployment | null;
  serving: Serving | null;
  behind: Drift | null;
}

/** The notice for an event; null if it sends none. */
export function noticeName({ entry }: JournalEvent, deployment: Deployment | null): NoticeName | null {
  if (entry.type === 'incident') return 'incident';
  // a rollback is never reported as a success
  if (entry.type === 'live') return deployment?.kind === 'rollback' ? 'rolled-back' : 'live';
  if (entry.type !== 'state') return null;
  switch (entry.state) {
    case 'failed':
    case 'interrupted':
      return 'failed';
    case 'rolled-back':
      // an operator's rollback sends a notice of its own once it is live
      return deployment?.fault === 'operator' && deployment.errorCode === null ? null : 'rolled-back';
    case 'aborted':
    case 'holding':
      return entry.state;
    case 'queued':
    case 'running':
    case 'baking':
    case 'succeeded':
    case 'superseded':
      return null;
  }
}

/** The notice of an event, or null. */
export function noticeOf(input: NoticeInput): Notice | null {
  const name = noticeName(input.event, input.deployment);
  if (name === null) return null;
  const { app, event, deployment, serving, behind } = input;
  return {
    version: 1,
    id: event.id,
    event: name,
    at: new Date(event.at).toISOString(),
    app,
    text: `${app}: ${textOf(name, input)}`,
    deployment: deployment && known(deployment),
    serving,
    behind,
  };
}

/** The notice that `notify test` sends. @param at milliseconds since 1970 */
export function testNotice(app: string, serving: Serving | null, at: number): Notice {
  const text = `${app}: this is a test notification`;
  const nothing = { deployment: null, behind: null };
  return { version: 1, id: 0, event: 'test', at: new Date(at).toISOString(), app, text, serving, ...nothing };
}

function textOf(name: NoticeName, { event, deployment, serving, behind }: NoticeInput): string {
  const { entry } = event;
  const still = stillText(serving, deployment);
  const cause = deployment?.cause ?? 'the cause is unknown';
  switch (name) {
    case 'live':
      return entry.type === 'live' ? liveText(entry.serving, deployment) : '';
    case 'failed':
      return `${titleOf(deployment)} is not live: ${cause}${still}`;
    case 'rolled-back':
      return behind ? driftSummary(behind) : `${titleOf(deployment)} was rolled back: ${cause}${still}`;
    case 'aborted':
      return `${titleOf(deployment)} was aborted: ${cause}`;
    case 'holding':
      return deployment && isCanary(deployment)
        ? `${titleOf(deployment)} is a paused canary that waits for an operator to resume, promote or abort it`
        : `${titleOf(deployment)} is verified and waits for an operator to promote or abort it`;
    case 'incident':
      return entry.type === 'incident' ? entry.message : '';
  }
}

function stillText(serving: Serving | null, deployment: Deployment | null): string {
  if (!serving) return ' No release is live.';
  const { liveFails = null } = deployment?.migration ?? {};
  return liveFails === null
    ? ` Still serving ${named(serving)}.`
    : ` A migration changed the schema, and ${named(serving)} now fails (${liveFails}).`;
}

function liveText(serving: Serving, deployment: Deployment | null): string {
  const how = {
    deploy: 'live',
    rollback: 'live',
    restore: 'live again',
    env: 'live with a new environment',
    restart: 'restarted',
  };
  return `${named(serving)} is ${how[deployment?.kind ?? 'deploy']} on ${serving.slot}`;
}

function titleOf(deployment: Deployment | null): string {
  const { version, commit, id } = deployment ?? {};
  if (commit && version) return named({ commit, version });
  return commit ? short(commit) : `deployment ${id}`;
}

function known(deployment: Deployment): Notice['deployment'] {
  const { id, kind, trigger, branch, state, commit, version, errorCode, cause, hint } = deployment;
  return { id, kind, trigger, branch, state, commit, version, errorCode, cause, hint };
}
