/** Builds, runs and removes images of releases on the real engine. */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deploymentLog } from '../../deploy/os/command';
import type { Commit } from '../../deploy/core/release';
import { composeFixture, docker, releaseIn, type ComposeFixture } from '../support/compose';
import { docker as engine, needs, root } from '../support/needs';

const COUNT = `const fs = require('node:fs'); const file = process.env.SWITCHYARD_DATA + '/count';
fs.appendFileSync(file, 'x'); console.log('counted as ' + process.getuid());`;

needs('docker', engine).describe('an image of a release', () => {
  let context: ComposeFixture;
  beforeAll(async () => {
    context = await composeFixture();
  });
  afterAll(() => context.clear());

  const images = (): string[] =>
    docker('images', '--format', '{{.Tag}}', context.config.name).split('\n').filter(Boolean);
  const containers = (): string =>
    docker('ps', '-a', '--format', '{{.Names}}', '--filter', `name=${context.config.name}`);
  const tag = (digits: string): Commit => digits.padEnd(40, '0');

  it('is named after its commit and exists until it is removed', async () => {
    const release = await context.release('a1');
    expect(images()).toEqual([release.commit]);
    expect(await context.packing.has(release)).toBe(true);

    await context.packing.remove(release.commit);

    expect(images()).toEqual([]);
    expect(await context.packing.has(release)).toBe(false);
    await expect(context.packing.remove(release.commit)).resolves.toBeUndefined();
  });

  it("is removed without another home's image of the same commit", async () => {
    const release = await context.release('a1');
    const other = await composeFixture();
    try {
      const theirs = await other.release('a1');
      await context.packing.remove(release.commit);
      expect(await other.packing.has(theirs)).toBe(true);
    } finally {
      await other.clear();
    }
  });

  it('is not created for a commit that cannot be built, and the error says why', async () => {
    const Dockerfile = `FROM node:24-bookworm-slim\nARG BUILD\nRUN sh -c "$BUILD"\n`;
    const broken = releaseIn(path.join(context.dir, 'broken'), 'b2', { Dockerfile });
    const build = ['node', '-e', "console.error(`Error: it's $HOME`); process.exit(3)"];

    await expect(
      context.packing.pack({ ...broken, app: { ...broken.app, build } }, 2, 0),
    ).rejects.toMatchObject({
      code: 'E_BUILD',
      message: `The build (${build.join(' ')}) exited with code 3: Error: it's $HOME`,
    });

    expect(images()).not.toContain(tag('b2'));
    expect(readFileSync(deploymentLog(context.home, 2), 'utf8')).toContain("Error: it's $HOME");
    const bare = releaseIn(path.join(context.dir, 'bare'), 'c3', { Dockerfile: 'FRUM scratch' });
    await expect(context.packing.pack(bare, 3, 0)).rejects.toMatchObject({
      code: 'E_IMAGE',
      message: /unknown instruction/,
    });
  });

  it('runs a command once as the owner of its data and leaves no container', async () => {
    const release = await context.release('d4', { 'count.js': COUNT });
    const uid = process.getuid?.() === 0 ? 1000 : process.getuid?.();

    const end = await context.packing.runOnce(['node', 'count.js'], release, 4, 0);

    expect(end).toMatchObject({ exitCode: 0, timedOut: false });
    expect(end.lastLines.at(-1)).toBe(`counted as ${uid}`);
    expect(statSync(path.join(context.home.shared, 'count')).uid).toBe(uid);
    expect(containers()).toBe('');
  });

  needs('root', root).test(
    "lets the containers' user write files that root has put into the shared folder",
    async () => {
      writeFileSync(path.join(context.home.shared, 'count'), 'y', { mode: 0o600 });
      const release = await context.release('d4', { 'count.js': COUNT });

      expect(await context.packing.runOnce(['node', 'count.js'], release, 5, 0)).toMatchObject({
        exitCode: 0,
      });

      expect(readFileSync(path.join(context.home.shared, 'count'), 'utf8')).toBe('yx');
    },
  );

  it("returns the command's exit code and its last lines", async () => {
    const release = await context.release('a1');
    const argv = ['node', '-e', 'console.error("Error: no such table"); process.exit(5)'];
    const end = await context.packing.runOnce(argv, release, 6, 0);
    expect(end.exitCode).toBe(5);
    expect(end.lastLines).toContain('Error: no such table');
    expect((await context.packing.runOnce(['no-such-program'], release, 7, 0)).exitCode).toBe(127);
  });

  it('stops a command and its container at the limit', async () => {
    const release = await context.release('a1');

    const hangs = ['node', '-e', 'setInterval(() => {}, 1000)'];
    const end = await context.withMigrateLimit(3).runOnce(hangs, release, 8, 0);

    expect(end.timedOut).toBe(true);
    expect(containers()).toBe('');
  });

  it("hides Compose's files from other users", () => {
    expect(existsSync(context.home.compose)).toBe(true);
    expect(statSync(context.home.compose).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(context.home.compose)) {
      expect(statSync(path.join(context.home.compose, name)).mode & 0o777).toBe(0o600);
    }
  });
});
