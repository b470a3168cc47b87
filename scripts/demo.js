#!/usr/bin/env node
// @ts-check
/**
 * `npm run demo`: what a new user does first, done for real in a throw-away copy of this clone, with a home and
 * ports of its own: start, change a line, push, roll back, push something broken, stop. Nothing is left behind.
 * `npm run demo -- --svg FILE --text FILE --push FILE` keeps the transcript as a picture and as text, and its first push
 * as a moving picture.
 */
'use strict';
const fs = require('fs');
const path = require('path');
const { attended } = require('./demo/attended');
const { makeCopy } = require('./demo/copy');
const { paint, styled } = require('./demo/colours');
const { choosePorts } = require('./demo/ports');
const { mustHaveSampleApp } = require('./demo/sample-app');
const { pushPicture } = require('./demo/push');
const { Shell } = require('./demo/shell');
const { storyFor } = require('./demo/story');
const { svgOf } = require('./demo/svg');
const { Users } = require('./demo/users');
const { ensureBuilt } = require('./lib/build');
const { end, KnownFailure } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { ensurePackages } = require('./lib/packages');

const ROOT = path.resolve(__dirname, '..');

async function demo() {
  checkMachine(ROOT);
  const files = parse(process.argv.slice(2));
  mustHaveSampleApp(ROOT, 'The demo');
  await ensureNginx();
  await ensurePackages(ROOT);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const lines = await play(await choosePorts());
  if (files.text) fs.writeFileSync(files.text, `${lines.join('\n')}\n`);
  if (files.svg) fs.writeFileSync(files.svg, svgOf(lines.map(styled)));
  if (files.push) fs.writeFileSync(files.push, pushPicture(lines));
}

/** @param {string[]} args @returns {{ svg?: string, text?: string, push?: string }} */
function parse(args) {
  const options = /** @type {const} */ ({
    svg: { type: 'string' },
    text: { type: 'string' },
    push: { type: 'string' },
  });
  try {
    return require('util').parseArgs({ args, options }).values;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new KnownFailure(
      'E_USAGE',
      message,
      'npm run demo -- --svg docs/demo.svg --text docs/demo.txt --push docs/push.svg; each is optional.',
    );
  }
}

/**
 * Plays the story and returns its lines. However it ends, the copy and everything that runs of it is gone then.
 * @param {import('./demo/ports').Ports} ports
 */
async function play(ports) {
  const copy = await makeCopy(ROOT, ports);
  const shell = new Shell(copy, show);
  const users = new Users(ports.http);
  return attended({
    name: 'the demo',
    work: async (isOver) => {
      for (const step of storyFor(ports)) {
        if (!isOver() && !(await perform(step, shell, users)) && !isOver()) throw stopped(shell);
      }
      return shell.lines;
    },
    giveUp: () => shell.end(),
    tidy: async () => {
      await users.leave();
      await copy.remove();
    },
  });
}

/** @param {import('./demo/story').Step} step @param {InstanceType<typeof Shell>} shell @param {InstanceType<typeof Users>} users @returns {Promise<boolean>} whether the story goes on */
async function perform(step, shell, users) {
  if ('run' in step) return (await shell.run(step.run)) === 0;
  shell.say('users' in step ? `${await attend(users, step.users)} ${step.say}` : step.say);
  return true;
}

/** @param {InstanceType<typeof Users>} users @param {'come' | 'leave'} what @returns {Promise<string>} what is to be said of it */
async function attend(users, what) {
  if (what === 'come') return `${users.come()} users`;
  const { asked, failed } = await users.leave();
  return `The users leave: they asked ${asked.toLocaleString('en')} times, and ${failed} requests failed.`;
}

/** @param {string} line */
function show(line) {
  const colours = process.stdout.isTTY && process.env.TERM !== 'dumb' && !process.env.NO_COLOR;
  console.log(colours ? paint(styled(line)) : line);
}

/** @param {InstanceType<typeof Shell>} shell */
function stopped({ lines }) {
  const line = lines.filter((each) => each.startsWith('$ ')).pop();
  return new KnownFailure('E_INTERNAL', `The demo ended at "${line}".`, 'What it said stands above.');
}

demo().catch(end);
