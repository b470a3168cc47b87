// @ts-check
/** Pure: every picture of the strategies, in both languages, as the file that it is kept in. */
'use strict';
const { draw } = require('./draw');

const PICTURES = [
  require('./in-place'),
  require('./rolling'),
  require('./blue-green'),
  require('./canary'),
  require('./ab-test'),
];

/** @returns {{ file: string, svg: string }[]} */
function drawings() {
  return PICTURES.flatMap((picture) => [
    { file: `${picture.name}.svg`, svg: draw(picture, 'en') },
    { file: `${picture.name}.ko.svg`, svg: draw(picture, 'ko') },
  ]);
}

module.exports = { drawings };
