/** The page at / shows the version, the slot and the visitors of each release. It loads nothing from elsewhere. */
import { createHash } from 'node:crypto';
import type { Identity } from './identity';
import { PAGE_SCRIPT } from './page-script';

/** Change this line, commit, and `git push live main`: that is a deployment. */
const GREETING = 'Hello from Switchyard';

/** Dark enough for readable white text (WCAG AA). */
const COLOURS: Record<string, string> = { blue: '#2563eb', green: '#15803d' };
const GREY = '#4b5563';

/**
 * The facts about a release that the page shows. The stream also sends them, so that an open page shows the next
 * release.
 */
export interface Facts {
  title: string;
  icon: string;
  colour: string;
  greeting: string;
  version: string;
  commit: string;
  slot: string;
  startedAt: string;
}

export function factsOf({ name, version, commit, slot, startedAt }: Identity): Facts {
  const colour = colourOf(slot);
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="${colour}"/></svg>`;
  return {
    title: `${name} ${version}: ${slot}`,
    icon: `data:image/svg+xml,${encodeURIComponent(icon)}`,
    colour,
    greeting: GREETING,
    version,
    commit: shortCommit(commit),
    slot,
    startedAt,
  };
}

export const colourOf = (slot: string): string => COLOURS[slot] ?? GREY;

export const shortCommit = (commit: string): string => commit.slice(0, 7);

/** The page has one script and its own styles, and connects only to this app. Everything else is forbidden. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "connect-src 'self'",
  `script-src 'sha256-${createHash('sha256').update(PAGE_SCRIPT).digest('base64')}'`,
].join('; ');

/** @returns a whole HTML document. */
export function renderPage(facts: Facts): string {
  const { title, icon, colour, greeting, version, commit, slot, startedAt } = facts;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<link rel="icon" href="${icon}">
<style>
  :root { --slot: ${colour}; color-scheme: light dark; --text: #111827; --quiet: #4b5563; --paper: #ffffff; --desk: #f3f4f6; --line: #e5e7eb; --link: #1d4ed8 }
  @media (prefers-color-scheme: dark) {
    :root { --text: #f3f4f6; --quiet: #a8b0bd; --paper: #1b212c; --desk: #0e131b; --line: #2d3644; --link: #8ab4ff }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
         background: var(--desk); color: var(--text); font: 1rem/1.6 system-ui, sans-serif }
  main { width: 100%; max-width: 40rem; overflow: hidden; border: 1px solid var(--line); border-radius: 1rem; background: var(--paper) }
  header { padding: 2rem; background: var(--slot); color: #ffffff; transition: background .5s }
  h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere }
  header p { margin: .5rem 0 0; font-size: 1.125rem }
  dl { margin: 0; padding: 1.5rem 2rem; display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.5rem }
  dt { color: var(--quiet) }
  dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
  section { padding: 0 2rem 1.5rem }
  [role=status] { margin: 0; padding: 0 2rem }
  [role=status]:not(:empty) { padding-bottom: 1.5rem }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
  caption { padding-bottom: .25rem; text-align: left; font-weight: 600 }
  th, td { padding: .25rem 1rem .25rem 0; text-align: left; font-weight: normal }
  th { color: var(--quiet) }
  th:last-child, td:last-child { width: 40%; padding-right: 0 }
  td div { height: .75rem; min-width: .25rem; border-radius: .25rem; transition: width .5s }
  @media (prefers-reduced-motion: reduce) { * { transition: none !important } }
  nav { padding: 1rem 2rem; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .25rem 1.5rem }
  a { color: var(--link) }
</style>
</head>
<body>
<main>
  <header>
    <h1>${escape(greeting)}</h1>
    <p>version <strong>${escape(version)}</strong> on <strong>${escape(slot)}</strong></p>
  </header>
  <dl>
    <dt>Commit</dt><dd><code>${escape(commit)}</code></dd>
    <dt>Started</dt><dd><time datetime="${escape(startedAt)}">${escape(startedAt)}</time></dd>
  </dl>
  <p role="status"></p>
  <section hidden>
    <table>
      <caption>Open pages, by release</caption>
      <thead><tr><th>Version</th><th>Commit</th><th>Slot</th><th>Pages</th><td></td></tr></thead>
      <tbody></tbody>
    </table>
  </section>
  <nav aria-label="The API">
    <a href="/api/v1/messages">Messages</a>
    <a href="/version">Version</a>
    <a href="/health">Health</a>
  </nav>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
