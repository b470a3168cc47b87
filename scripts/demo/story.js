// @ts-check
/** What the demo does, in order. */
'use strict';
const { find } = require('../lib/find');

/**
 * @typedef {{ say: string } | { run: string } | { users: 'come' | 'leave', say: string }} Step
 * @param {import('./ports').Ports} ports
 * @returns {Step[]}
 */
function storyFor({ http }) {
  const version = ask(`localhost:${http}/version`);
  const page = `${ask(`localhost:${http}`)} | grep -A1 '<h1>'`;
  return [
    { say: 'A fresh clone: start it.' },
    { run: 'npm start' },
    { run: version },
    { run: page },

    { users: 'come', say: 'come, and keep asking for /version. Change a line, and push it.' },
    { run: "sed -i 's/Hello from Switchyard/Hello, world/' app/page.ts" },
    { run: 'git diff -U0 | tail -2' },
    { run: "git commit -qam 'Greet the world'" },
    { run: 'git push live main' },
    { run: page },

    { say: 'Go back.' },
    { run: 'npm run -s rollback' },
    { run: page },

    { say: 'Push a mistake that no test covers: nothing answers at /healthz.' },
    { run: "sed -i \"s|health: '/health'|health: '/healthz'|\" deploy.config.js" },
    { run: "git commit -qam 'Another health path'" },
    { run: 'git push live main' },
    { run: version },

    { users: 'leave', say: 'Stop.' },
    { run: 'npm stop' },
  ];
}

/** Small machines come without curl. @param {string} address */
function ask(address) {
  if (find('curl', process.env)) return `curl -s ${address}`;
  return `node -e "fetch('http://${address}').then((r) => r.text()).then(console.log)"`;
}

module.exports = { storyFor };
