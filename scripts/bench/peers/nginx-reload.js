// @ts-check
/** The upstream is rewritten, and nginx told to reload. Our own nginx and settings, without the table. */
'use strict';
const { plainFront } = require('../fronts');
const { look } = require('./table');

/** @type {import('.').Peer} */
module.exports = { name: 'nginx -s reload', look, start: plainFront };
