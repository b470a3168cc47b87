// @ts-check
/** docs/benchmarks.svg: failed requests per switch, and p99 with and without switches. Drawn by vega, without a browser. */
'use strict';
const vega = require('vega');
const vegaLite = require('vega-lite');

const ROW_HEIGHT = 40;

/** @param {any} peers @returns {Promise<string>} */
async function plot({ rows }) {
  const names = rows.map((/** @type {any} */ { name }) => name);
  const y = { field: 'name', type: 'nominal', sort: names, title: null };
  const failed = rows.map((/** @type {any} */ { name, failedPerSwitch }) => ({
    name,
    failed: failedPerSwitch,
  }));
  const p99 = rows.flatMap((/** @type {any} */ { name, still, switching }) => [
    { name, when: 'still', ms: still.p99 },
    { name, when: 'while switching', ms: switching.p99 },
  ]);
  // one for both, or the rows would not stand beside their names
  const height = names.length * ROW_HEIGHT;
  const spec = {
    background: 'white',
    config: { font: 'sans-serif' },
    hconcat: [
      {
        title: 'Failed requests per switch',
        data: { values: failed },
        layer: [
          { mark: { type: 'bar', color: '#c44' } },
          {
            mark: { type: 'text', align: 'left', dx: 4 },
            encoding: { text: { field: 'failed', format: '.1f' } },
          },
        ],
        encoding: { y, x: { field: 'failed', type: 'quantitative', title: 'requests' } },
        width: 260,
        height,
      },
      {
        title: 'p99, milliseconds',
        data: { values: p99 },
        mark: 'bar',
        encoding: {
          y: { ...y, axis: { labels: false, ticks: false } },
          x: { field: 'ms', type: 'quantitative', title: 'ms' },
          yOffset: { field: 'when' },
          color: { field: 'when', title: null, scale: { range: ['#9ab', '#258'] } },
        },
        width: 260,
        height,
      },
    ],
  };
  const view = new vega.View(vega.parse(vegaLite.compile(/** @type {any} */ (spec)).spec), {
    renderer: 'none',
  });
  return view.toSVG();
}

module.exports = { plot };
