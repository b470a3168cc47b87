/** Formats a notice for its receiver: Slack, Discord, or JSON for any other. Pure. */
import type { Notice } from '../core/notices';

const SIGNS: Record<Notice['event'], string> = {
  live: '✅',
  failed: '❌',
  'rolled-back': '⚠️',
  aborted: '⏹️',
  holding: '⏸️',
  incident: '⚠️',
  test: '👋',
};
/** In characters; Discord rejects messages over 2000. */
const LONGEST = 1900;

/** Detects the service by the URL's path, so that a proxy or a compatible server works too. */
export function bodyFor(url: string, notice: Notice): string {
  const { pathname } = new URL(url);
  const line = `${SIGNS[notice.event]} ${notice.text}`.slice(0, LONGEST);
  if (pathname.startsWith('/services/')) return JSON.stringify(slack(line));
  // text from a commit must not ping anyone
  if (/^\/api\/(v\d+\/)?webhooks\//.test(pathname)) {
    return JSON.stringify({ content: line, allowed_mentions: { parse: [] } });
  }
  return JSON.stringify(notice);
}

/**
 * Only these three characters are special in Slack's plain text:
 * https://docs.slack.dev/messaging/formatting-message-text
 */
function slack(line: string): object {
  const text = line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] };
}
