// @ts-check
/** Ours: one rename of the traffic table. */
'use strict';
const { kit } = require('../kit');
const { tableFront } = require('../fronts');

const nginxVersion = async () => {
  const { version } = await kit('traffic/nginx-binary').findNginx(process.env.PATH ?? '');
  return { version: `nginx ${version}` };
};

/** @type {import('.').Peer} */
module.exports = { name: 'Switchyard', look: nginxVersion, start: tableFront };
