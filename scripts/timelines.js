#!/usr/bin/env node
// @ts-check
/** Draws docs/<strategy>.svg and docs/<strategy>.ko.svg; a test holds the files against what is drawn here. */
'use strict';
const fs = require('fs');
const path = require('path');
const { drawings } = require('./timelines/drawings');

const DOCS = path.resolve(__dirname, '..', 'docs');

for (const { file, svg } of drawings()) fs.writeFileSync(path.join(DOCS, file), svg);
