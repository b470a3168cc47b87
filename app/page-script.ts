/**
 * The script of the page. It shows the release that serves the page and the number of open pages. It notices a
 * deployment because the stream ends every few seconds, and the next one may come from another release.
 */
export const PAGE_SCRIPT = `
const find = (selector) => document.querySelector(selector);
const visitor = [...crypto.getRandomValues(new Uint32Array(4))].join('-');
const nameOf = ({ version, commit }) => version + ' (' + commit + ')';
let shown;

function connect() {
  const events = new EventSource('/api/v1/visitors/stream?visitor=' + visitor);
  events.addEventListener('release', ({ data }) => showRelease(JSON.parse(data)));
  events.addEventListener('visitors', ({ data }) => showVisitors(JSON.parse(data)));
  // The browser opens the next stream, except after an answer that is not one, such as the maintenance page.
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}

function showRelease(release) {
  if (shown && shown.commit !== release.commit) {
    find('[role=status]').textContent =
      'At ' + new Date().toLocaleTimeString() + ' this page moved from ' + nameOf(shown) + ' to ' + nameOf(release) + '.';
  }
  shown = release;
  document.title = release.title;
  document.documentElement.style.setProperty('--slot', release.colour);
  find('link[rel=icon]').href = release.icon;
  find('h1').textContent = release.greeting;
  find('header strong').textContent = release.version;
  find('header strong:last-of-type').textContent = release.slot;
  find('code').textContent = release.commit;
  find('time').textContent = find('time').dateTime = release.startedAt;
}

function showVisitors(releases) {
  const most = Math.max(...releases.map(({ visitors }) => visitors));
  const rows = releases.map((release) => {
    const row = document.createElement('tr');
    for (const text of [release.version, release.commit, release.slot, release.visitors])
      row.insertCell().textContent = text;
    const bar = row.insertCell().appendChild(document.createElement('div'));
    bar.style.width = (100 * release.visitors) / most + '%';
    bar.style.background = release.colour;
    return row;
  });
  find('tbody').replaceChildren(...rows);
  find('section').hidden = false;
}

connect();
`;
