/** The page at / shows the version and the slot. It has no script and loads nothing from elsewhere. */
import type { Identity } from './identity';

/** Change this line, commit, and `git push live main`: that is a deployment. */
const GREETING = 'Hello from Switchyard';

/** Dark enough for readable white text (WCAG AA). */
const COLOURS: Record<string, string> = { blue: '#2563eb', green: '#15803d' };
const GREY = '#4b5563';

/** Styles and the icon are in the page itself, so everything else can be forbidden. */
export const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** @returns a whole HTML document. */
export function renderPage({ name, version, commit, slot, startedAt }: Identity): string {
  const colour = COLOURS[slot] ?? GREY;
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="${colour}"/></svg>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(name)} ${escape(version)}: ${escape(slot)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
<style>
  :root { color-scheme: light dark; --text: #111827; --quiet: #4b5563; --paper: #ffffff; --desk: #f3f4f6; --line: #e5e7eb; --link: #1d4ed8 }
  @media (prefers-color-scheme: dark) {
    :root { --text: #f3f4f6; --quiet: #a8b0bd; --paper: #1b212c; --desk: #0e131b; --line: #2d3644; --link: #8ab4ff }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
         background: var(--desk); color: var(--text); font: 1rem/1.6 system-ui, sans-serif }
  main { width: 100%; max-width: 32rem; overflow: hidden; border: 1px solid var(--line); border-radius: 1rem; background: var(--paper) }
  header { padding: 2rem; background: ${colour}; color: #ffffff }
  h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere }
  header p { margin: .5rem 0 0; font-size: 1.125rem }
  dl { margin: 0; padding: 1.5rem 2rem; display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.5rem }
  dt { color: var(--quiet) }
  dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
  nav { padding: 1rem 2rem; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .25rem 1.5rem }
  a { color: var(--link) }
</style>
</head>
<body>
<main>
  <header>
    <h1>${escape(GREETING)}</h1>
    <p>version <strong>${escape(version)}</strong> on <strong>${escape(slot)}</strong></p>
  </header>
  <dl>
    <dt>Commit</dt><dd><code>${escape(commit.slice(0, 12))}</code></dd>
    <dt>Started</dt><dd><time datetime="${escape(startedAt)}">${escape(startedAt)}</time></dd>
  </dl>
  <nav aria-label="The API">
    <a href="/api/v1/messages">Messages</a>
    <a href="/version">Version</a>
    <a href="/health">Health</a>
  </nav>
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
