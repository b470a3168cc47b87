// @ts-check
/**
 * Pure: what a strategy cost, from answers as users got them and from looks at the slots' ports.
 *
 * @typedef {import('./slices').Answer} Answer
 * @typedef {{ at: number, running: string[], memory: number }} Look which slots' processes listened at that moment,
 * and their resident bytes together
 *
 * @typedef {object} Marks moments, in milliseconds since the tour began; absent until they are there
 * @property {number} begun the release is built; from now on slots and traffic are touched
 * @property {number} [live]
 * @property {number} [wayBack] the command to roll back was typed
 * @property {number} [end]
 *
 * @typedef {object} Measured
 * @property {number} asked requests
 * @property {number} failed
 * @property {number} turnedAway requests that got the maintenance page
 * @property {number} downMs for how long nobody got anything else, the longer one of way there and way back
 * @property {number} bothMs for how long both versions answered, on the way there
 * @property {number} sentBack users who met the old version after the new one, on the way there
 * @property {number | null} liveMs from the first touch until all users had the new version
 * @property {number} runningMost how many slots ran at once, until the way back
 * @property {number} memoryMost the most bytes that all slots' processes had together
 * @property {number} servingLeast how many slots answered users, at the worst moment
 * @property {number | null} backMs from typing it until all users had the old version again
 */
'use strict';

/** Two versions answer "at once" when they do so for longer than one shift takes to reach everybody. Milliseconds. */
const AT_ONCE_MS = 100;
/** A slot serves at a moment when it answered somebody this close to it. Milliseconds. */
const AROUND_MS = 150;

/** @param {Answer[]} answers in order of their time @param {Look[]} looks @param {Marks} marks @returns {Measured} */
function measure(answers, looks, marks) {
  const { begun, live, wayBack } = marks;
  const all = answers.filter(({ at }) => at >= begun);
  const there = all.filter(({ at }) => at < (wayBack ?? Infinity));
  const back = all.filter(({ at }) => at >= (wayBack ?? Infinity));
  const touched = { from: begun, to: live ?? Infinity };
  const looked = looks.filter(({ at }) => isIn(at, touched));
  // what is kept warm for the way back is paid for too
  const ran = looks.filter(({ at }) => isIn(at, { from: begun, to: wayBack ?? Infinity }));
  const newForAll = everybodyHas('new', there);
  const oldForAll = everybodyHas('old', back);
  return {
    asked: all.length,
    failed: all.filter(({ outcome }) => outcome === 'failed').length,
    turnedAway: all.filter(({ outcome }) => outcome === 'turned away').length,
    downMs: Math.max(downMs(there), downMs(back)),
    bothMs: bothMs(there),
    sentBack: sentBack(there),
    liveMs: newForAll === null ? null : newForAll - begun,
    runningMost: Math.max(0, ...ran.map(({ running }) => running.length)),
    memoryMost: Math.max(0, ...ran.map(({ memory }) => memory)),
    servingLeast: least(looked.map(({ at }) => servingAround(at, there))),
    backMs: oldForAll === null || wayBack === undefined ? null : oldForAll - wayBack,
  };
}

/** From when on nobody gets anything else; null while somebody does. @param {'old' | 'new'} version @param {Answer[]} answers */
function everybodyHas(version, answers) {
  const lastOther = answers.findLastIndex((answer) => answer.version !== version);
  return answers[lastOther + 1]?.at ?? null;
}

/** From the first of the new version to the last of the old one; 0 for at no time. @param {Answer[]} answers */
function bothMs(answers) {
  const first = answers.find(({ version }) => version === 'new');
  const last = answers.findLast(({ version }) => version === 'old');
  return first && last ? Math.max(0, last.at - first.at) : 0;
}

/** How many. @param {Answer[]} answers */
function sentBack(answers) {
  const hadNew = new Set();
  const back = new Set();
  for (const { user, version } of answers) {
    if (version === 'new') hadNew.add(user);
    if (version === 'old' && hadNew.has(user)) back.add(user);
  }
  return back.size;
}

/** From the first maintenance page to the next answer after the last one. @param {Answer[]} answers */
function downMs(answers) {
  const first = answers.findIndex(({ outcome }) => outcome === 'turned away');
  if (first === -1) return 0;
  const last = answers.findLastIndex(({ outcome }) => outcome === 'turned away');
  const next = answers.slice(last).find(({ outcome }) => outcome === 'ok') ?? answers[last];
  return (next?.at ?? 0) - (answers[first]?.at ?? 0);
}

/** @param {number} moment @param {Answer[]} answers */
function servingAround(moment, answers) {
  const close = answers.filter(({ at }) => Math.abs(at - moment) <= AROUND_MS);
  return new Set(close.flatMap(({ slot }) => (slot === null ? [] : [slot]))).size;
}

/** @param {number[]} values */
function least(values) {
  return values.length === 0 ? 0 : Math.min(...values);
}

/** @param {number} at @param {{ from: number, to: number }} time */
function isIn(at, { from, to }) {
  return at >= from && at <= to;
}

module.exports = { measure, AT_ONCE_MS };
