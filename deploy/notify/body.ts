/** A notice as its receiver reads it: Slack, Discord, or JSON for any other. Pure. */
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
/** In characters. Discord takes no longer message. */
const LONGEST = 1900;

/** Known by the path, so that a proxy in front, and a server that speaks the same, are too. */
export function bodyFor(url: string, notice: Notice): string {
  const { pathname } = new URL(url);
  const line = `${SIGNS[notice.event]} ${notice.text}`.slice(0, LONGEST);
  if (pathname.startsWith('/services/')) return JSON.stringify(slack(line));
  // nothing that a commit says calls anybody
  if (/^\/api\/(v\d+\/)?webhooks\//.test(pathname)) {
    return JSON.stringify({ content: line, allowed_mentions: { parse: [] } });
  }
  return JSON.stringify(notice);
}

/** https://docs.slack.dev/messaging/formatting-message-text: these three alone have a meaning in plain text. */
function slack(line: string): object {
  const text = line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return { text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }] };
}
