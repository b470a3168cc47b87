/** The steps of the demo, in order. */
import { find } from '../../scripts/lib/find';

export type Step = { comment: string } | { run: string } | { users: 'start' | 'stop'; comment: string };

/** @param http nginx's port @param page the sample app's page, which may already contain this session's change */
export function storyFor(http: number, page: string): Step[] {
  const greeting = page.includes("'Hello, world'") ? 'Hello again, world' : 'Hello, world';
  const version = get(`localhost:${http}/version`);
  const home = `${get(`localhost:${http}`)} | grep -A1 '<h1>'`;
  return [
    { comment: 'A fresh clone: start it.' },
    { run: 'npm start' },
    { run: version },
    { run: home },

    { users: 'start', comment: 'come, and keep asking for /version. Change a line, and push it.' },
    { run: `sed -i "s/^const GREETING = .*/const GREETING = '${greeting}';/" app/page.ts` },
    { run: 'git diff -U0 | tail -2' },
    { run: "git commit -qam 'Greet the world'" },
    { run: 'git push live main' },
    { run: home },

    { comment: 'Go back.' },
    { run: './switchyard rollback' },
    { run: home },

    { comment: 'Push a mistake that no test covers: nothing answers at /healthz.' },
    { run: "sed -i \"s|health: '/health'|health: '/healthz'|\" deploy.config.js" },
    { run: "git commit -qam 'Another health path'" },
    { run: 'git push live main' },
    { run: version },

    { users: 'stop', comment: 'Stop.' },
    { run: 'npm stop' },
  ];
}

/** A small machine may have no curl. */
function get(address: string): string {
  if (find('curl', process.env)) return `curl -s ${address}`;
  return `node -e "fetch('http://${address}').then((r) => r.text()).then(console.log)"`;
}
